// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Objects;

/**
 * How an I/O ended. Stands for {@code enum spdk_bdev_io_status} with the codes that belong to it.
 *
 * <p>Success is the one object {@link #SUCCESS}, so that looking for it costs one comparison; failures without further
 * codes are constants too.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
public final class IoStatus {
    /** The kinds of ends, with SPDK's names in {@link #jsonName}. */
    public enum Kind {
        /** Done. */
        SUCCESS("success"),
        /** Failed for a reason that has no code. */
        FAILED("failed"),
        /** Failed with an NVMe status. */
        NVME_ERROR("nvme_error"),
        /** Failed with a SCSI status. */
        SCSI_ERROR("scsi_error"),
        /** The device had no room; the hub tries again, and a caller never sees it. */
        NOMEM("nomem"),
        /** A compare found other data. */
        MISCOMPARE("miscompare"),
        /** Ended early on somebody's wish: a reset, a removal, an abort. */
        ABORTED("aborted"),
        /** Failed with an error number of the operating system. */
        AIO_ERROR("aio_error");

        private final String jsonName;

        Kind(String jsonName) {
            this.jsonName = jsonName;
        }

        /** The name in JSON, as SPDK writes it. */
        public String jsonName() {
            return jsonName;
        }
    }

    /** Done. */
    public static final IoStatus SUCCESS = new IoStatus(Kind.SUCCESS, 0, 0, 0, 0);

    /** Failed for a reason that has no code. */
    public static final IoStatus FAILED = new IoStatus(Kind.FAILED, 0, 0, 0, 0);

    /** From a device to the hub: no room now, try again later. */
    public static final IoStatus NOMEM = new IoStatus(Kind.NOMEM, 0, 0, 0, 0);

    /** A compare found other data. */
    public static final IoStatus MISCOMPARE = new IoStatus(Kind.MISCOMPARE, 0, 0, 0, 0);

    /** Ended early on somebody's wish. */
    public static final IoStatus ABORTED = new IoStatus(Kind.ABORTED, 0, 0, 0, 0);

    private static final int NVME_MEDIA_ERROR = 2;
    private static final int NVME_COMPARE_FAILURE = 0x85;

    private final Kind kind;
    private final int a;
    private final int b;
    private final int c;
    private final int d;

    private IoStatus(Kind kind, int a, int b, int c, int d) {
        this.kind = kind;
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
    }

    /**
     * A failure with an error number of the operating system; {@code spdk_bdev_io_complete_aio_status}.
     *
     * @param errno the positive number
     */
    public static IoStatus aio(int errno) {
        if (errno <= 0) {
            throw new IllegalArgumentException("error number " + errno + ": give it as a positive number");
        }
        return new IoStatus(Kind.AIO_ERROR, errno, 0, 0, 0);
    }

    /**
     * An NVMe status; {@code spdk_bdev_io_complete_nvme_status}. Generic status 0 is {@link #SUCCESS}.
     *
     * @param cdw0 dword 0 of the completion
     * @param statusCodeType status code type
     * @param statusCode status code
     */
    public static IoStatus nvme(int cdw0, int statusCodeType, int statusCode) {
        if (statusCodeType == 0 && statusCode == 0) {
            return SUCCESS;
        }
        return new IoStatus(Kind.NVME_ERROR, cdw0, statusCodeType, statusCode, 0);
    }

    /**
     * A SCSI status; {@code spdk_bdev_io_complete_scsi_status}. Status 0 (GOOD) is {@link #SUCCESS}.
     *
     * @param statusCode SCSI status
     * @param senseKey sense key
     * @param asc additional sense code
     * @param ascq additional sense code qualifier
     */
    public static IoStatus scsi(int statusCode, int senseKey, int asc, int ascq) {
        if (statusCode == 0) {
            return SUCCESS;
        }
        return new IoStatus(Kind.SCSI_ERROR, statusCode, senseKey, asc, ascq);
    }

    /** The kind of end. */
    public Kind kind() {
        return kind;
    }

    /** Whether the I/O was done. */
    public boolean isSuccess() {
        return this == SUCCESS;
    }

    /**
     * Whether a compare found other data: {@link #MISCOMPARE}, or what an NVMe device says then (media error, compare
     * failure).
     */
    public boolean isMiscompare() {
        return kind == Kind.MISCOMPARE
                || (kind == Kind.NVME_ERROR && b == NVME_MEDIA_ERROR && c == NVME_COMPARE_FAILURE);
    }

    /** The positive Linux error number that says best what happened; EILSEQ for a miscompare, 0 for success. */
    public int errno() {
        return switch (kind) {
            case SUCCESS -> 0;
            case FAILED, SCSI_ERROR -> Errno.EIO;
            case NVME_ERROR -> isMiscompare() ? Errno.EILSEQ : Errno.EIO;
            case MISCOMPARE -> Errno.EILSEQ;
            case NOMEM -> Errno.ENOMEM;
            case ABORTED -> Errno.ECANCELED;
            case AIO_ERROR -> a;
        };
    }

    /** Dword 0 of an NVMe completion, else 0. */
    public int nvmeCdw0() {
        return kind == Kind.NVME_ERROR ? a : 0;
    }

    /** The NVMe status code type, else 0. */
    public int nvmeStatusCodeType() {
        return kind == Kind.NVME_ERROR ? b : 0;
    }

    /** The NVMe status code, else 0. */
    public int nvmeStatusCode() {
        return kind == Kind.NVME_ERROR ? c : 0;
    }

    /** The SCSI status, else 0. */
    public int scsiStatusCode() {
        return kind == Kind.SCSI_ERROR ? a : 0;
    }

    /** The SCSI sense key, else 0. */
    public int scsiSenseKey() {
        return kind == Kind.SCSI_ERROR ? b : 0;
    }

    /** The SCSI additional sense code, else 0. */
    public int scsiAsc() {
        return kind == Kind.SCSI_ERROR ? c : 0;
    }

    /** The SCSI additional sense code qualifier, else 0. */
    public int scsiAscq() {
        return kind == Kind.SCSI_ERROR ? d : 0;
    }

    /**
     * This failure as an exception.
     *
     * @param what the operation and its object, for the message
     * @throws IllegalStateException if this is success
     */
    public SpdkException toException(String what) {
        if (isSuccess()) {
            throw new IllegalStateException(what + " succeeded: there is nothing to throw");
        }
        return new SpdkException(errno(), what + " failed: " + this);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof IoStatus s && s.kind == kind && s.a == a && s.b == b && s.c == c && s.d == d;
    }

    @Override
    public int hashCode() {
        return Objects.hash(kind, a, b, c, d);
    }

    @Override
    public String toString() {
        return switch (kind) {
            case SUCCESS, FAILED, NOMEM, MISCOMPARE, ABORTED -> kind.jsonName();
            case AIO_ERROR -> "aio_error " + Errno.name(a) + " (" + Errno.description(a) + ")";
            case NVME_ERROR -> "nvme_error sct 0x%x sc 0x%x cdw0 0x%x".formatted(b, c, a);
            case SCSI_ERROR -> "scsi_error status 0x%x sense 0x%x/0x%x/0x%x".formatted(a, b, c, d);
        };
    }
}
