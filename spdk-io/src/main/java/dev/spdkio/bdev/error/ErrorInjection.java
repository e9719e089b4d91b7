// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.error;

/**
 * What is to go wrong: the parameters of {@code bdev_error_inject_error}. It takes the place of what was injected into
 * the same type of I/O before.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param ioType the type of I/O
 * @param errorType how it goes wrong
 * @param count how many I/Os; 0 for none any more
 * @param queueDepth how many others must be at the device below on the same thread for an I/O to go wrong
 * @param rate what part of the I/Os that could go wrong do, above 0 and up to 1
 * @param corruptOffset of {@link ErrorType#CORRUPT_DATA}, the byte of the I/O; nothing happens to shorter ones
 * @param corruptValue of {@link ErrorType#CORRUPT_DATA}, what that byte is combined with by exclusive or; not 0
 * @param nvmeSct of {@link ErrorType#NVME_FAILURE}, the status code type
 * @param nvmeSc of {@link ErrorType#NVME_FAILURE}, the status code
 */
public record ErrorInjection(
        Target ioType,
        ErrorType errorType,
        long count,
        long queueDepth,
        double rate,
        long corruptOffset,
        int corruptValue,
        int nvmeSct,
        int nvmeSc) {
    /** Into which type of I/O something is injected. */
    public enum Target {
        /** None: takes back what was injected. */
        CLEAR,
        /** Reads. */
        READ,
        /** Writes. */
        WRITE,
        /** Unmaps. */
        UNMAP,
        /** Flushes. */
        FLUSH,
        /** All of these. */
        ALL
    }

    private static final int MAX_SCT = 7;
    private static final int MAX_BYTE = 0xFF;

    /** Checks the numbers. */
    public ErrorInjection {
        require(count >= 0, "count", count, "must not be negative");
        require(queueDepth >= 0, "queueDepth", queueDepth, "must not be negative");
        if (!(rate > 0 && rate <= 1)) {
            throw new IllegalArgumentException("injected error: rate is " + rate + " but must be above 0, up to 1");
        }
        require(corruptOffset >= 0, "corruptOffset", corruptOffset, "must not be negative");
        require(corruptValue >= 0 && corruptValue <= MAX_BYTE, "corruptValue", corruptValue, "must be a byte");
        require(
                errorType != ErrorType.CORRUPT_DATA || corruptValue != 0 || ioType == Target.CLEAR,
                "corruptValue",
                corruptValue,
                "must not be 0, which changes nothing");
        require(nvmeSct >= 0 && nvmeSct <= MAX_SCT, "nvmeSct", nvmeSct, "must be 0 to 7");
        require(nvmeSc >= 0 && nvmeSc <= MAX_BYTE, "nvmeSc", nvmeSc, "must be a byte");
        boolean hasStatus = nvmeSct != 0 || nvmeSc != 0;
        require(
                hasStatus == (errorType == ErrorType.NVME_FAILURE),
                "nvmeSct/nvmeSc",
                nvmeSc,
                "must be given for NVME_FAILURE, and only then");
    }

    private static void require(boolean good, String what, long value, String rule) {
        if (!good) {
            throw new IllegalArgumentException("injected error: " + what + " is " + value + " but " + rule);
        }
    }

    /** So many I/Os of a type go wrong. */
    public static ErrorInjection of(Target ioType, ErrorType errorType, long count) {
        boolean corrupts = errorType == ErrorType.CORRUPT_DATA;
        int sct = errorType == ErrorType.NVME_FAILURE ? 2 : 0;
        int sc = errorType == ErrorType.NVME_FAILURE ? 0x81 : 0;
        return new ErrorInjection(ioType, errorType, count, 0, 1, 0, corrupts ? MAX_BYTE : 0, sct, sc);
    }

    /** Nothing goes wrong any more. */
    public static ErrorInjection clear() {
        return of(Target.CLEAR, ErrorType.FAILURE, 0);
    }

    /** The same with another {@link #queueDepth}. */
    public ErrorInjection withQueueDepth(long value) {
        return new ErrorInjection(ioType, errorType, count, value, rate, corruptOffset, corruptValue, nvmeSct, nvmeSc);
    }

    /** The same with another {@link #rate}. */
    public ErrorInjection withRate(double value) {
        return new ErrorInjection(
                ioType, errorType, count, queueDepth, value, corruptOffset, corruptValue, nvmeSct, nvmeSc);
    }

    /** The same changing another byte. */
    public ErrorInjection withCorruption(long offset, int value) {
        return new ErrorInjection(ioType, errorType, count, queueDepth, rate, offset, value, nvmeSct, nvmeSc);
    }
}
