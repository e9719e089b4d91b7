// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.runtime;

import dev.spdkio.EnvOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.SlabSource;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.spdk.ffi.EnvApi;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.ThreadApi;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.Hugepages;
import dev.spdkio.sys.NativeMemory;
import dev.spdkio.sys.PageKind;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The environment of SPDK: DPDK's memory and SPDK's thread library. One at a time in a JVM; what DPDK has set up at
 * the first start stays until the JVM ends.
 *
 * <p>DPDK pins the OS thread that initialises it, and what that thread starts inherits the pin: therefore it is a
 * thread of its own, and no other.
 */
public final class NativeEnv implements AutoCloseable {
    /** What SPDK needs beside the application's memory, without hugepages: messages, its I/O objects, buffers. */
    private static final long OWN_MEMORY_BYTES = 768L << 20;

    /** {@code SPDK_DEFAULT_MSG_MEMPOOL_SIZE}. */
    private static final long MESSAGES = 262_143;

    private static boolean initialisedBefore;
    private static @Nullable NativeEnv running;
    private static volatile boolean abandoned;

    private NativeEnv() {}

    /**
     * Brings it up. Not on a reactor.
     *
     * @throws SpdkException if one runs already, or saying what DPDK lacks
     */
    public static NativeEnv start(SpdkRuntime runtime, EnvOptions options, long memoryBytes) throws SpdkException {
        synchronized (NativeEnv.class) {
            if (running != null) {
                throw new SpdkException(
                        Errno.EBUSY,
                        abandoned
                                ? "an application of this JVM was stopped while its devices were in use, and SPDK could"
                                        + " not end: close descriptors before the end, and start a new JVM now"
                                : "SPDK runs in this JVM already, and can run only once in a process: stop the other"
                                        + " application first");
            }
            if (options.hugepages() && !initialisedBefore && !Hugepages.anyFree()) {
                throw new SpdkException(
                        Errno.ENOMEM,
                        "SPDK is to use hugepages, but none are free: reserve some (echo 1024 >"
                                + " /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages, as root), or use"
                                + " EnvOptions.withoutHugepages()");
            }
            if (options.hugepages() && !initialisedBefore && !Hugepages.isMounted()) {
                throw new SpdkException(
                        Errno.ENOENT,
                        "SPDK is to use hugepages, but no hugetlbfs is mounted: mount one (mkdir -p /dev/hugepages &&"
                                + " mount -t hugetlbfs nodev /dev/hugepages, as root), or use"
                                + " EnvOptions.withoutHugepages()");
            }
            NativeLog.open();
            int rc = onItsOwnThread(() -> init(runtime, options, memoryBytes));
            if (rc != 0) {
                throw new SpdkException(
                        -rc,
                        "SPDK's environment cannot be initialised (" + Errno.name(-rc) + ", " + options
                                + "): see the log; without hugepages or root use EnvOptions.withoutHugepages()");
            }
            initialisedBefore = true;
            NativeEnv env = new NativeEnv();
            running = env;
            int threads = ThreadPlacement.init(runtime, MESSAGES);
            if (threads != 0) {
                env.close();
                throw new SpdkException(
                        -threads, "SPDK's thread library cannot be initialised: not enough memory for its messages");
            }
            return env;
        }
    }

    private interface IntCall {
        int call();
    }

    private static int onItsOwnThread(IntCall body) throws SpdkException {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        Thread.ofPlatform().name("spdk-env").daemon().start(() -> {
            try {
                result.complete(body.call());
            } catch (Throwable t) {
                result.completeExceptionally(t);
            }
        });
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw new SpdkException(0, "SPDK's environment cannot be initialised: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SpdkException(0, "interrupted while SPDK's environment was initialised", e);
        }
    }

    private static int init(SpdkRuntime runtime, EnvOptions o, long memoryBytes) {
        if (initialisedBefore) {
            return EnvApi.init(0);
        }
        // DPDK keeps some of the texts.
        Arena arena = Arena.global();
        NativeStruct opts = NativeStruct.allocate("spdk_env_opts", arena);
        opts.setIfPresent("opts_size", opts.size());
        EnvApi.optsInit(opts.address());
        String core = "[" + runtime.mainReactor().core() + "]";
        opts.set("name", arena.allocateFrom(runtime.name()).address())
                .set("core_mask", arena.allocateFrom(core).address())
                .set("shm_id", o.shmId())
                .set("no_pci", !o.pci())
                .set("hugepage_single_segments", o.singleFileSegments() && o.hugepages())
                .set("unlink_hugepage", o.unlinkHugepages() && o.hugepages());
        text(opts, "vf_token", o.vfToken(), arena);
        if (o.baseVirtAddr() != 0) {
            opts.set("base_virtaddr", o.baseVirtAddr());
        }
        if (o.hugepages()) {
            text(opts, "hugedir", o.hugeDir(), arena);
            text(opts, "iova_mode", o.iovaMode(), arena);
        } else {
            // SPDK itself says "va" then; said twice, DPDK would end the process.
            opts.set("no_huge", true).set("mem_size", (memoryBytes + OWN_MEMORY_BYTES) >> 20);
        }
        return EnvApi.init(opts.address());
    }

    private static void text(NativeStruct opts, String field, @Nullable Object value, Arena arena) {
        if (value != null) {
            opts.set(field, arena.allocateFrom(value.toString()).address());
        }
    }

    /** DMA memory from SPDK's allocator. */
    public SlabSource slabs() {
        return (bytes, arena) -> {
            long address = EnvApi.dmaZmalloc(bytes, 2 << 20);
            if (address == 0) {
                throw new UncheckedIOException(new SpdkException(
                        Errno.ENOMEM, "SPDK has no " + bytes + " bytes of DMA memory left: raise memorySize"));
            }
            MemorySegment segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, NativeEnv::free);
            return new NativeMemory.Mapping(segment, PageKind.HUGE);
        };
    }

    /** A device may still write to the memory of a request that has not come back. */
    private static void free(MemorySegment slab) {
        if (!abandoned) {
            EnvApi.dmaFree(slab.address());
        }
    }

    /** SPDK cannot end: from now on nothing of it is touched, and all it has stays until the JVM ends. */
    public static void abandon() {
        abandoned = true;
    }

    static boolean isAbandoned() {
        return abandoned;
    }

    /** Takes it down; all threads and all memory are back. */
    @Override
    public void close() {
        synchronized (NativeEnv.class) {
            if (running == this && !abandoned) {
                ThreadApi.libFini();
                EnvApi.fini();
                running = null;
            }
        }
    }
}
