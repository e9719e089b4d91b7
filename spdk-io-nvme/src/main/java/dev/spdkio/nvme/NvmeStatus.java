// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme;

import dev.spdkio.sys.Errno;
import java.util.Locale;

/**
 * How an NVMe command ended: the 16 bits of the status field in its completion. Stands for
 * {@code struct spdk_nvme_status}.
 *
 * <p>Success is the one object {@link #SUCCESS}, so that looking for it costs one comparison.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class NvmeStatus {
    /** Status code type: generic. */
    public static final int SCT_GENERIC = 0;

    /** Status code type: specific to the command. */
    public static final int SCT_COMMAND_SPECIFIC = 1;

    /** Status code type: media and data integrity errors. */
    public static final int SCT_MEDIA = 2;

    /** Status code type: related to the path to the controller. */
    public static final int SCT_PATH = 3;

    /** Status code type: vendor specific. */
    public static final int SCT_VENDOR = 7;

    /** Generic status code: a field of the command is invalid. */
    public static final int SC_INVALID_FIELD = 0x02;

    /** Generic status code: the controller failed internally. */
    public static final int SC_INTERNAL_ERROR = 0x06;

    /** Generic status code: aborted, as asked for. */
    public static final int SC_ABORTED_BY_REQUEST = 0x07;

    /** Generic status code: aborted, since its queue was deleted or its connection lost. */
    public static final int SC_ABORTED_SQ_DELETION = 0x08;

    /** Generic status code: a passing failure of the transport. */
    public static final int SC_TRANSIENT_TRANSPORT_ERROR = 0x22;

    /** Generic status code: the namespace is not ready. */
    public static final int SC_NAMESPACE_NOT_READY = 0x82;

    /** Media status code: the data compared differs. */
    public static final int SC_COMPARE_FAILURE = 0x85;

    /** Path status code: there is no way to the controller now. */
    public static final int SC_HOST_PATH_ERROR = 0x70;

    /** Done. */
    public static final NvmeStatus SUCCESS = new NvmeStatus(0);

    private static final int PHASE = 1;
    private static final int SC_SHIFT = 1;
    private static final int SCT_SHIFT = 9;
    private static final int CRD_SHIFT = 12;
    private static final int MORE = 1 << 14;
    private static final int DNR = 1 << 15;

    private final int raw;

    private NvmeStatus(int raw) {
        this.raw = raw;
    }

    /**
     * The status in the upper half of a completion's dword 3.
     *
     * @param raw 16 bits: phase tag, status code, its type, retry delay, more, do not retry
     */
    public static NvmeStatus ofRaw(int raw) {
        return (raw & ~PHASE & 0xFFFF) == 0 ? SUCCESS : new NvmeStatus(raw & 0xFFFF);
    }

    /** A status of a type and a code, without further bits. */
    public static NvmeStatus of(int statusCodeType, int statusCode) {
        return ofRaw(raw(statusCodeType, statusCode));
    }

    /** The 16 bits of a type and a code. */
    public static int raw(int statusCodeType, int statusCode) {
        if ((statusCodeType & 7) != statusCodeType || (statusCode & 0xFF) != statusCode) {
            throw new IllegalArgumentException(
                    "status code type %d, status code 0x%x: 3 and 8 bits".formatted(statusCodeType, statusCode));
        }
        return statusCode << SC_SHIFT | statusCodeType << SCT_SHIFT;
    }

    /** All 16 bits. */
    public int raw() {
        return raw;
    }

    /** The type of the code: one of the {@code SCT_} constants. */
    public int statusCodeType() {
        return raw >> SCT_SHIFT & 7;
    }

    /** The code. */
    public int statusCode() {
        return raw >> SC_SHIFT & 0xFF;
    }

    /** Which of the controller's three retry delays holds; 0 for none. */
    public int retryDelay() {
        return raw >> CRD_SHIFT & 3;
    }

    /** Whether the error log has more about it. */
    public boolean hasMore() {
        return (raw & MORE) != 0;
    }

    /** Whether the same command would fail again. */
    public boolean doNotRetry() {
        return (raw & DNR) != 0;
    }

    /** The phase tag of the completion, which tells new entries of a queue from old ones. */
    public boolean phase() {
        return (raw & PHASE) != 0;
    }

    /** Whether the command was done. */
    public boolean isSuccess() {
        return this == SUCCESS;
    }

    /** Whether the type and the code are these. */
    public boolean is(int statusCodeType, int statusCode) {
        return (raw >> SC_SHIFT & 0x7FF) == (statusCodeType << 8 | statusCode);
    }

    /** Whether a compare found other data. */
    public boolean isMiscompare() {
        return is(SCT_MEDIA, SC_COMPARE_FAILURE);
    }

    /** Whether the command may well succeed later, on another connection or path: nothing is said of its data. */
    public boolean isPassing() {
        return !doNotRetry()
                && (statusCodeType() == SCT_PATH
                        || is(SCT_GENERIC, SC_ABORTED_SQ_DELETION)
                        || is(SCT_GENERIC, SC_TRANSIENT_TRANSPORT_ERROR)
                        || is(SCT_GENERIC, SC_NAMESPACE_NOT_READY));
    }

    /** The positive Linux error number that says best what happened; 0 for success. */
    public int errno() {
        if (isSuccess()) {
            return 0;
        }
        if (isMiscompare()) {
            return Errno.EILSEQ;
        }
        return is(SCT_GENERIC, SC_ABORTED_BY_REQUEST) ? Errno.ECANCELED : Errno.EIO;
    }

    /** The name of the code, as the specification has it. */
    public String name() {
        return named(StatusNames.of(statusCodeType(), statusCode()));
    }

    /** The name as the answer to a fabrics command, where some codes mean something else. */
    public String fabricsName() {
        return named(StatusNames.ofFabrics(statusCodeType(), statusCode()));
    }

    private String named(@org.jspecify.annotations.Nullable String name) {
        if (name != null) {
            return name;
        }
        return statusCodeType() == SCT_VENDOR ? "Vendor specific" : "Reserved";
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof NvmeStatus s && (s.raw & ~PHASE) == (raw & ~PHASE);
    }

    @Override
    public int hashCode() {
        return raw & ~PHASE;
    }

    /** The name and the numbers, such as {@code Invalid field in command (sct 0x0 sc 0x02 dnr)}. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s (sct 0x%x sc 0x%02x%s%s%s)",
                name(),
                statusCodeType(),
                statusCode(),
                retryDelay() == 0 ? "" : " crd " + retryDelay(),
                hasMore() ? " more" : "",
                doNotRetry() ? " dnr" : "");
    }
}
