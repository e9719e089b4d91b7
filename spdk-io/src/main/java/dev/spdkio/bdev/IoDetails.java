// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.memory.IoVec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What the rarer types of I/O have beyond a range and memory: apart from {@link BdevIo}, so that reads and writes do
 * not pay for it.
 *
 * <p>Thread rule: handed over with the request.
 */
final class IoDetails {
    /** Of compare and write: what to store. */
    @Nullable
    IoVec writeData;

    /** Of copy: where from. */
    long sourceBlock;

    @Nullable
    NvmeCommand command;

    /** Of zero copy: whether it begins; and then whether the memory is to hold what is there. */
    boolean zcopyStart;

    boolean zcopyPopulate;

    /** Of the end of a zero copy: whether to keep what was written. */
    boolean zcopyCommit;

    @Nullable
    MemorySegment zcopyMemory;

    @Nullable
    Object zcopyAttachment;

    /** Of abort: the user data of the requests. */
    @Nullable
    Object abortUserData;

    @Nullable
    ZoneAction zoneAction;

    /** Of get zone info: room for what the device has to say of each zone. */
    @Nullable
    ZoneInfo @Nullable [] zoneInfos;

    /** What came out: a block, or dword 0 of an NVMe completion. */
    long result;
}
