// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.error.SpdkException;
import dev.spdkio.spdk.ffi.EnvApi;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Memory that does not come from SPDK's allocator, made known to SPDK so that its devices can reach it: a mapped file,
 * a region shared with another process, a pool of one's own. What {@link dev.spdkio.SpdkApp#dmaPool} gives needs no
 * such thing under {@link dev.spdkio.Engine#SPDK}.
 *
 * <p>Of SPDK's devices only those that a controller reads and writes by itself need it (NVMe over PCIe, virtio, RDMA);
 * malloc, aio, uring, NVMe over TCP take any memory.
 *
 * <p>Thread rule: any thread.
 */
public final class SpdkMemory implements AutoCloseable {
    /**
     * What address and size must be multiples of, in bytes, for every release of SPDK; since 25.09 4 KiB are enough.
     */
    public static final long GRANULARITY = 2L << 20;

    private static final long PAGE = 4096;

    private final MemorySegment segment;
    private final AtomicBoolean closed = new AtomicBoolean();

    private SpdkMemory(MemorySegment segment) {
        this.segment = segment;
    }

    /**
     * Registers memory; {@code spdk_mem_register}. While SPDK runs.
     *
     * @param segment native memory that lives until this is closed; its address and size are multiples of 4 KiB, or of
     *     {@link #GRANULARITY} before SPDK 25.09
     * @throws IllegalArgumentException if it is not native, empty, or not aligned
     * @throws SpdkException EBUSY if some of it is registered already; EFAULT, EINVAL if the system cannot map it for
     *     devices: without an IOMMU it must be in hugepages
     */
    public static SpdkMemory register(MemorySegment segment) throws SpdkException {
        if (!segment.isNative() || segment.byteSize() == 0) {
            throw new IllegalArgumentException(segment + " cannot be registered: it must be native and not empty");
        }
        if (((segment.address() | segment.byteSize()) & (PAGE - 1)) != 0) {
            throw new IllegalArgumentException("memory of " + segment.byteSize() + " bytes at 0x"
                    + Long.toHexString(segment.address()) + " cannot be registered: both must be multiples of " + PAGE
                    + ", or of " + GRANULARITY + " before SPDK 25.09");
        }
        check(EnvApi.memRegister(segment.address(), segment.byteSize()), "registered", segment);
        return new SpdkMemory(segment);
    }

    private static void check(int rc, String what, MemorySegment segment) throws SpdkException {
        if (rc != 0) {
            throw new SpdkException(
                    -rc,
                    "memory of " + segment.byteSize() + " bytes at 0x" + Long.toHexString(segment.address())
                            + " cannot be " + what + " (" + Errno.name(-rc) + "): "
                            + switch (-rc) {
                                case Errno.EBUSY -> "some of it is registered already";
                                case Errno.EINVAL ->
                                    "address and size must be multiples of " + GRANULARITY + " before SPDK 25.09";
                                default -> "SPDK's log says more; without an IOMMU it must be in hugepages";
                            });
        }
    }

    /** The memory. */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * SPDK forgets it; {@code spdk_mem_unregister}. No I/O on it may be in flight. Idempotent.
     *
     * @throws SpdkException if SPDK refuses
     */
    @Override
    public void close() throws SpdkException {
        if (closed.compareAndSet(false, true)) {
            check(EnvApi.memUnregister(segment.address(), segment.byteSize()), "unregistered", segment);
        }
    }
}
