// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

/**
 * The io_uring operations that {@link IoUring} offers. The numbers are kernel ABI ({@code enum io_uring_op} of
 * {@code linux/io_uring.h}) and never change.
 */
public enum IoUringOp {
    /** Does nothing and completes with 0 ({@code IORING_OP_NOP}). */
    NOP(0),
    /** {@code preadv2(2)} ({@code IORING_OP_READV}). */
    READV(1),
    /** {@code pwritev2(2)} ({@code IORING_OP_WRITEV}). */
    WRITEV(2),
    /** {@code fsync(2)} or {@code fdatasync(2)} ({@code IORING_OP_FSYNC}). */
    FSYNC(3),
    /** A read into a registered buffer ({@code IORING_OP_READ_FIXED}). */
    READ_FIXED(4),
    /** A write from a registered buffer ({@code IORING_OP_WRITE_FIXED}). */
    WRITE_FIXED(5),
    /** Tries to cancel an operation ({@code IORING_OP_ASYNC_CANCEL}). */
    ASYNC_CANCEL(14),
    /** {@code fallocate(2)} ({@code IORING_OP_FALLOCATE}). */
    FALLOCATE(17),
    /** {@code pread(2)} ({@code IORING_OP_READ}). */
    READ(22),
    /** {@code pwrite(2)} ({@code IORING_OP_WRITE}). */
    WRITE(23);

    private static final IoUringOp[] VALUES = values();

    private final int code;

    IoUringOp(int code) {
        this.code = code;
    }

    /** The number that the kernel knows the operation by. */
    public int code() {
        return code;
    }

    /** For messages: the name of a number, also of one that is not listed here. */
    static String nameOf(int code) {
        for (IoUringOp op : VALUES) {
            if (op.code == code) {
                return op.name();
            }
        }
        return "op " + code;
    }
}
