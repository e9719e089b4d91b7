// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.file;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * The blocks of a device that is a file.
 *
 * @param blockSize bytes of a block, a power of two
 * @param blockCount whole blocks that the file holds
 */
public record FileGeometry(int blockSize, long blockCount) {
    /** The smallest block, as in SPDK. */
    public static final int MIN_BLOCK_SIZE = 512;

    private static final Logger LOG = System.getLogger(FileGeometry.class.getName());

    /**
     * Divides a file into blocks. What remains at the end is left alone, with a line in the log.
     *
     * @param bdev the name of the device, for messages
     * @param filename the file, for messages
     * @param sizeBytes how much it holds
     * @param wanted the block size asked for; 0 takes {@code unit}
     * @param unit the smallest piece that can be read and written here, a power of two
     * @param why where the unit comes from, for messages
     * @throws SpdkException EINVAL if the file cannot be divided so
     */
    public static FileGeometry of(String bdev, String filename, long sizeBytes, int wanted, int unit, String why)
            throws SpdkException {
        int blockSize = wanted == 0 ? unit : wanted;
        if (blockSize < MIN_BLOCK_SIZE) {
            throw invalid(bdev, filename, "a block size of " + blockSize + " is too small: use at least 512");
        }
        if (Integer.bitCount(blockSize) != 1) {
            int near = Integer.highestOneBit(blockSize);
            throw invalid(
                    bdev,
                    filename,
                    "a block size of " + blockSize + " is not a power of two: use " + near + " or " + near * 2L);
        }
        if (blockSize < unit) {
            throw invalid(
                    bdev,
                    filename,
                    "a block size of " + blockSize + " is smaller than " + unit + ", " + why + ": use at least "
                            + unit);
        }
        if (sizeBytes < blockSize) {
            throw invalid(
                    bdev,
                    filename,
                    "it holds " + sizeBytes + " bytes, less than one block of " + blockSize
                            + ": enlarge it first, for example with truncate -s 1G");
        }
        long blocks = sizeBytes / blockSize;
        long rest = sizeBytes - blocks * blockSize;
        if (rest != 0) {
            LOG.log(
                    Level.WARNING,
                    "bdev " + bdev + " on " + filename + ": the last " + rest + " of " + sizeBytes
                            + " bytes are not a whole block of " + blockSize + " and are not used");
        }
        return new FileGeometry(blockSize, blocks);
    }

    /** An error about this file whose number is EINVAL. */
    public static SpdkException invalid(String bdev, String filename, String what) {
        return error(Errno.EINVAL, bdev, filename, what);
    }

    /** An error about this file. */
    public static SpdkException error(int errno, String bdev, String filename, String what) {
        return new SpdkException(errno, "bdev " + bdev + " on " + filename + ": " + what);
    }

    /** An error about this file that has a cause. */
    public static SpdkException error(int errno, String bdev, String filename, String what, Throwable cause) {
        return new SpdkException(errno, "bdev " + bdev + " on " + filename + ": " + what, cause);
    }

    /**
     * What to say, with the remedy, about a file that cannot be opened.
     *
     * @param errno why
     * @param writing whether it was to be written, too
     */
    public static String explainOpen(int errno, boolean writing) {
        return switch (errno) {
            case Errno.ENOENT -> "there is no such file: create it first, for example with truncate -s 1G";
            case Errno.EISDIR -> "that is a directory: name a regular file or a block device";
            case Errno.EACCES, Errno.EPERM ->
                writing
                        ? "it may not be opened for reading and writing: change its permissions, or set readonly"
                        : "it may not be opened for reading: change its permissions";
            case Errno.EROFS -> "its file system is mounted read-only: remount it, or set readonly";
            default -> "it cannot be opened: " + Errno.name(errno) + " (" + Errno.description(errno) + ")";
        };
    }

    /** What to say about something that is a file in name only: a pipe, a terminal. */
    public static String neitherFileNorDisk() {
        return "that is neither a regular file nor a block device";
    }
}
