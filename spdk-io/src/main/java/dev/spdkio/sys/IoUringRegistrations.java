// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import static dev.spdkio.sys.IoUringAbi.INT;
import static dev.spdkio.sys.IoUringAbi.LONG;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a ring has registered with the kernel: files, buffers, an event descriptor. All calls are cold. */
final class IoUringRegistrations {
    private static final int PROBE_OPS = 256;

    private final int ringFd;
    private final int fileSlots;

    /** The slots in use; null until the table exists, which is when the first file comes. */
    private @Nullable BitSet usedSlots;

    private int buffers;

    IoUringRegistrations(int ringFd, int fileSlots) {
        this.ringFd = ringFd;
        this.fileSlots = fileSlots;
    }

    int registerFile(int fd) throws SysException {
        BitSet used = usedSlots;
        if (used == null) {
            createFileTable();
            used = new BitSet(fileSlots);
            usedSlots = used;
        }
        int slot = used.nextClearBit(0);
        if (slot >= fileSlots) {
            throw new IllegalStateException(
                    "all " + fileSlots + " slots for registered files are in use: raise fileSlots of the Config");
        }
        updateSlot(slot, fd);
        used.set(slot);
        return slot;
    }

    void unregisterFile(int slot) throws SysException {
        BitSet used = usedSlots;
        if (used == null || slot < 0 || !used.get(slot)) {
            throw new IllegalArgumentException("no file is registered in slot " + slot);
        }
        updateSlot(slot, -1);
        used.clear(slot);
    }

    void registerBuffers(MemorySegment[] segments) throws SysException {
        if (segments.length == 0 || segments.length > IoUring.MAX_BUFFERS) {
            throw new IllegalArgumentException(
                    segments.length + " buffers; 1 to " + IoUring.MAX_BUFFERS + " can be registered");
        }
        if (buffers != 0) {
            throw new IllegalStateException(buffers + " buffers are registered already; unregister them first");
        }
        try (Arena arena = Arena.ofConfined()) {
            long bytes = 0;
            MemorySegment iovecs = arena.allocate(segments.length * IoUringAbi.IOVEC_BYTES, Long.BYTES);
            for (int i = 0; i < segments.length; i++) {
                if (!segments[i].isNative()) {
                    throw new IllegalArgumentException("buffer " + i + " is not native memory: " + segments[i]);
                }
                long iovec = i * IoUringAbi.IOVEC_BYTES;
                LONG.set(iovecs, iovec + IoUringAbi.IOVEC_BASE, segments[i].address());
                LONG.set(iovecs, iovec + IoUringAbi.IOVEC_LEN, segments[i].byteSize());
                bytes += segments[i].byteSize();
            }
            String object = segments.length + " buffers, " + bytes + " bytes";
            check("REGISTER_BUFFERS, " + object, register(IoUringAbi.REGISTER_BUFFERS, iovecs, segments.length));
            buffers = segments.length;
        }
    }

    void unregisterBuffers() throws SysException {
        if (buffers != 0) {
            check("UNREGISTER_BUFFERS", register(IoUringAbi.UNREGISTER_BUFFERS, MemorySegment.NULL, 0));
            buffers = 0;
        }
    }

    void registerEventFd(int fd) throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argument = arena.allocateFrom(JAVA_INT, fd);
            check("REGISTER_EVENTFD, fd " + fd, register(IoUringAbi.REGISTER_EVENTFD, argument, 1));
        }
    }

    void unregisterEventFd() throws SysException {
        check("UNREGISTER_EVENTFD", register(IoUringAbi.UNREGISTER_EVENTFD, MemorySegment.NULL, 0));
    }

    void enable() throws SysException {
        check("REGISTER_ENABLE_RINGS", register(IoUringAbi.REGISTER_ENABLE_RINGS, MemorySegment.NULL, 0));
    }

    Set<IoUringOp> supportedOps() throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment probe =
                    arena.allocate(IoUringAbi.PROBE_BYTES + PROBE_OPS * IoUringAbi.PROBE_OP_BYTES, Long.BYTES);
            check("REGISTER_PROBE", register(IoUringAbi.REGISTER_PROBE, probe, PROBE_OPS));
            int last = Byte.toUnsignedInt(probe.get(JAVA_BYTE, IoUringAbi.PROBE_LAST_OP));
            Set<IoUringOp> supported = EnumSet.noneOf(IoUringOp.class);
            for (IoUringOp op : IoUringOp.values()) {
                long entry = IoUringAbi.PROBE_BYTES + op.code() * IoUringAbi.PROBE_OP_BYTES;
                int flags = probe.get(JAVA_SHORT, entry + IoUringAbi.PROBE_OP_FLAGS);
                if (op.code() <= last && (flags & IoUringAbi.PROBE_OP_SUPPORTED) != 0) {
                    supported.add(op);
                }
            }
            return Collections.unmodifiableSet(supported);
        }
    }

    @Override
    public String toString() {
        int files = usedSlots == null ? 0 : Objects.requireNonNull(usedSlots).cardinality();
        return files + "/" + fileSlots + " file slots, " + buffers + " buffers";
    }

    /** A table of empty slots (Linux 5.19), or one that is filled with "no file" where the kernel is older. */
    private void createFileTable() throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = arena.allocate(IoUringAbi.RSRC_REGISTER_BYTES, Long.BYTES);
            INT.set(table, IoUringAbi.RSRC_REGISTER_NR, fileSlots);
            INT.set(table, IoUringAbi.RSRC_REGISTER_FLAGS, IoUringAbi.RSRC_REGISTER_SPARSE);
            int result = register(IoUringAbi.REGISTER_FILES2, table, (int) IoUringAbi.RSRC_REGISTER_BYTES);
            if (result == -Errno.EINVAL) {
                MemorySegment fds = arena.allocate(fileSlots * (long) Integer.BYTES, Integer.BYTES);
                fds.fill((byte) 0xff);
                result = register(IoUringAbi.REGISTER_FILES, fds, fileSlots);
            }
            check("REGISTER_FILES, " + fileSlots + " slots", result);
        }
    }

    private void updateSlot(int slot, int fd) throws SysException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment update = arena.allocate(IoUringAbi.FILES_UPDATE_BYTES, Long.BYTES);
            INT.set(update, IoUringAbi.FILES_UPDATE_OFFSET, slot);
            LONG.set(
                    update,
                    IoUringAbi.FILES_UPDATE_FDS,
                    arena.allocateFrom(JAVA_INT, fd).address());
            check(
                    "REGISTER_FILES_UPDATE, fd " + fd + " into slot " + slot,
                    register(IoUringAbi.REGISTER_FILES_UPDATE, update, 1));
        }
    }

    private int register(int operation, MemorySegment argument, int count) {
        return IoUringCalls.register(ringFd, operation, argument, count);
    }

    private static void check(String object, int result) throws SysException {
        if (result < 0) {
            throw new SysException("io_uring_register", object, -result, IoUringSetup.explain(-result));
        }
    }
}
