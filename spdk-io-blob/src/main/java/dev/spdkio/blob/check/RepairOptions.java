// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.check;

import dev.spdkio.blob.BlobId;
import java.util.Collection;
import java.util.Set;

/**
 * What a repair may do beside what loses nothing.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param drop blobs to give up: what they have is free then. Only such as a finding names
 * @param dropDamaged whether to give up all that are damaged
 * @param acceptSuperBlock whether to take the super block as it is although its checksum is wrong
 */
public record RepairOptions(Set<BlobId> drop, boolean dropDamaged, boolean acceptSuperBlock) {
    /** Nothing. */
    public static final RepairOptions DEFAULT = new RepairOptions(Set.of(), false, false);

    /** Copies the set. */
    public RepairOptions {
        drop = Set.copyOf(drop);
    }

    /** The same, giving up these blobs. */
    public RepairOptions withDrop(Collection<BlobId> ids) {
        return new RepairOptions(Set.copyOf(ids), dropDamaged, acceptSuperBlock);
    }

    /** The same, giving up all blobs that are damaged. */
    public RepairOptions withDropDamaged() {
        return new RepairOptions(drop, true, acceptSuperBlock);
    }

    /** The same, believing the super block. */
    public RepairOptions withAcceptSuperBlock() {
        return new RepairOptions(drop, dropDamaged, true);
    }
}
