// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

/**
 * What the kernel knows about an open file ({@code statx(2)}).
 *
 * @param sizeBytes the size in bytes; 0 for a block device, ask {@link FileHandle#deviceSize()} there
 * @param mode file type and permissions, as in {@code st_mode}
 * @param blockSizeBytes the preferred size of an I/O in bytes ({@code st_blksize})
 * @param dioMemoryAlignBytes to what a buffer must be aligned for {@code O_DIRECT}; 0 if the kernel (before 6.1) or
 *     file system does not tell, or does not support it
 * @param dioOffsetAlignBytes to what offsets and lengths must be aligned for {@code O_DIRECT}; 0 as above
 * @param atomicWriteMinBytes the least that a write can have that is done as a whole or not at all ({@code
 *     RWF_ATOMIC}); 0 if the kernel (before 6.11) does not tell, or file or device have no such writes
 * @param atomicWriteMaxBytes the most that it can have: a power of two, like all sizes between
 * @param device the device that the file lies on, as {@code major << 32 | minor}
 * @param inode the number of the file on its device
 */
public record FileStat(
        long sizeBytes,
        int mode,
        int blockSizeBytes,
        int dioMemoryAlignBytes,
        int dioOffsetAlignBytes,
        int atomicWriteMinBytes,
        int atomicWriteMaxBytes,
        long device,
        long inode) {
    // linux/stat.h
    static final int S_IFMT = 0xF000;
    static final int S_IFREG = 0x8000;
    static final int S_IFBLK = 0x6000;

    /** Whether this is a regular file. */
    public boolean isRegular() {
        return (mode & S_IFMT) == S_IFREG;
    }

    /** Whether this is a block device. */
    public boolean isBlockDevice() {
        return (mode & S_IFMT) == S_IFBLK;
    }
}
