// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

/** How a file is opened. Without any it must be there, and is only read. */
public enum FileOption {
    /** It may be changed; reading is always possible. */
    WRITE,
    /** It is created if it is not there; {@code SPDK_BLOBFS_OPEN_CREATE}. */
    CREATE,
    /** It is created, and must not be there. */
    CREATE_NEW,
    /** It is cut to nothing; needs {@link #WRITE}. */
    TRUNCATE
}
