// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import java.util.UUID;

/**
 * A partition as its table tells it.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param number its place in the table, from 1 on
 * @param type what it is for
 * @param id its identity
 * @param firstBlock its first block
 * @param lastBlock its last block, which is still its own
 * @param name what people call it
 */
public record GptPartition(int number, UUID type, UUID id, long firstBlock, long lastBlock, String name) {
    /** The type of the partitions that become devices. */
    public static final UUID SPDK = UUID.fromString("6527994e-2c5a-4eec-9613-8f5944074e8b");

    /** The type that SPDK gave them before: their devices lack the last block, as they always did. */
    public static final UUID SPDK_OLD = UUID.fromString("7c5222bd-8f5d-4087-9c00-bf9843c7b58c");

    /** Whether it becomes a device. */
    public boolean isForSpdk() {
        return (type.equals(SPDK) || type.equals(SPDK_OLD)) && firstBlock != 0 && blocks() > 0;
    }

    /** How many blocks its device has. */
    public long blocks() {
        long blocks = lastBlock - firstBlock + 1;
        return type.equals(SPDK_OLD) ? blocks - 1 : blocks;
    }
}
