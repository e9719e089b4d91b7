// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.IoCompletion;
import dev.spdkio.bdev.IoType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A member of an array on one thread. */
final class MemberChannel {
    final RaidMember member;
    final BdevChannel channel;

    /** The block of the base where its data begins. */
    final long offset;

    /** Blocks of the array before this one may be read from it. */
    long readEnd;

    /** Blocks that are being read from it, and where the last read ended. */
    long reading;

    long lastEnd;

    /** The end of a child of a write. */
    final IoCompletion written;

    /** The end of the one child of a read. */
    final IoCompletion read;

    MemberChannel(RaidChannel owner, RaidMember member) {
        this.member = member;
        this.offset = member.offset();
        this.channel = member.base().openChannel();
        this.written = (status, io) -> owner.written(this, io(io), status);
        this.read = (status, io) -> ((RedundantLayout) owner.layout).readEnded(owner, this, io(io), status);
    }

    private static BdevIo io(@Nullable Object parent) {
        return (BdevIo) Objects.requireNonNull(parent);
    }

    /** Whether all of a range of the array may be read from it. */
    boolean has(long block, long count) {
        return block + count <= readEnd;
    }

    /** Whether a request of that type means something to it: one without flush has nothing to flush. */
    boolean passes(IoType type) {
        return type != IoType.FLUSH || member.base().supports(type);
    }

    void close() {
        channel.close();
    }
}
