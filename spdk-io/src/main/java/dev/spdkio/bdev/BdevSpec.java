// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The properties with which a device is registered: the fields of {@code struct spdk_bdev} that a module sets.
 *
 * <p>A maximum of 0 means none. Thread rule: immutable, usable anywhere.
 *
 * @param name unique among the names and aliases of the manager
 * @param productName what kind of device it is, for people
 * @param aliases further names
 * @param uuid its identity, also an alias; a random one is made if null
 * @param blockSize bytes of a block
 * @param blockCount blocks
 * @param requiredAlignment a power of two that addresses of buffers must be multiples of, in bytes; 1 for none. Buffers
 *     that are not go through a bounce buffer
 * @param optimalIoBoundary blocks; an I/O should not cross a multiple of it
 * @param splitOnOptimalIoBoundary whether the hub splits I/O there
 * @param writeUnitSize blocks that the device writes at once
 * @param splitOnWriteUnit whether writes must be whole write units, and the hub splits them so
 * @param maxRwBlocks most blocks of one read or write
 * @param maxSegmentSize most bytes of one segment of a read or write
 * @param maxSegments most segments of one read or write
 * @param maxUnmapBlocks most blocks of one unmap
 * @param maxWriteZeroesBlocks most blocks of one native write zeroes
 * @param maxCopyBlocks most blocks of one native copy
 * @param acwu blocks that a compare and write may have at most; the write unit if 0, as in SPDK
 * @param writeCache whether written data may be lost with power until it is flushed
 * @param zones what its zones are like; null if it has none
 * @param metadata what metadata its blocks have; null if they have none. What is interleaved counts as part of them
 * @param atomicWriteBlocks a write of so many blocks from one piece of memory, at a multiple of that, is done as a
 *     whole or not at all, whatever becomes of the power, and so is one of every smaller power of two; 0 if the device
 *     does not say
 * @param numaId the NUMA node that it is attached to; -1 if that is not known
 */
public record BdevSpec(
        String name,
        String productName,
        List<String> aliases,
        @Nullable UUID uuid,
        int blockSize,
        long blockCount,
        int requiredAlignment,
        int optimalIoBoundary,
        boolean splitOnOptimalIoBoundary,
        int writeUnitSize,
        boolean splitOnWriteUnit,
        int maxRwBlocks,
        int maxSegmentSize,
        int maxSegments,
        long maxUnmapBlocks,
        long maxWriteZeroesBlocks,
        long maxCopyBlocks,
        int acwu,
        boolean writeCache,
        @Nullable ZoneSpec zones,
        @Nullable MetadataSpec metadata,
        int atomicWriteBlocks,
        int numaId) {
    /** For {@link #numaId}. */
    public static final int ANY_NUMA_NODE = -1;

    /** Checks what can be checked without the manager. */
    public BdevSpec {
        Objects.requireNonNull(productName, "productName");
        requireName(name);
        aliases = List.copyOf(aliases);
        aliases.forEach(BdevSpec::requireName);
        require(blockSize > 0, name, "blockSize", blockSize, "must be at least 1");
        require(blockCount >= 0, name, "blockCount", blockCount, "must not be negative");
        require(
                blockCount <= Long.MAX_VALUE / blockSize,
                name,
                "blockCount",
                blockCount,
                "makes more than 2^63 bytes with blocks of " + blockSize);
        require(
                requiredAlignment > 0 && Integer.bitCount(requiredAlignment) == 1,
                name,
                "requiredAlignment",
                requiredAlignment,
                "must be a power of two in bytes");
        require(optimalIoBoundary >= 0, name, "optimalIoBoundary", optimalIoBoundary, "must not be negative");
        require(writeUnitSize >= 1, name, "writeUnitSize", writeUnitSize, "must be at least 1");
        require(maxRwBlocks >= 0, name, "maxRwBlocks", maxRwBlocks, "must not be negative");
        require(
                maxSegmentSize == 0 || maxSegmentSize >= blockSize,
                name,
                "maxSegmentSize",
                maxSegmentSize,
                "must be 0 or hold a block of " + blockSize);
        require(maxSegments >= 0, name, "maxSegments", maxSegments, "must not be negative");
        require(maxUnmapBlocks >= 0, name, "maxUnmapBlocks", maxUnmapBlocks, "must not be negative");
        require(maxWriteZeroesBlocks >= 0, name, "maxWriteZeroesBlocks", maxWriteZeroesBlocks, "must not be negative");
        require(maxCopyBlocks >= 0, name, "maxCopyBlocks", maxCopyBlocks, "must not be negative");
        require(acwu >= 0, name, "acwu", acwu, "must not be negative");
        acwu = acwu == 0 ? writeUnitSize : acwu;
        require(
                !splitOnWriteUnit || maxRwBlocks == 0 || maxRwBlocks >= writeUnitSize,
                name,
                "maxRwBlocks",
                maxRwBlocks,
                "must hold a write unit of " + writeUnitSize + " blocks");
        require(
                !splitOnWriteUnit || maxSegmentSize == 0 || maxSegmentSize / blockSize >= writeUnitSize,
                name,
                "maxSegmentSize",
                maxSegmentSize,
                "must hold a write unit of " + writeUnitSize + " blocks of " + blockSize);
        require(
                metadata == null || !metadata.interleaved() || metadata.bytes() < blockSize,
                name,
                "blockSize",
                blockSize,
                "must be more than its metadata, which it includes");
        require(
                atomicWriteBlocks >= 0 && Integer.bitCount(atomicWriteBlocks) <= 1,
                name,
                "atomicWriteBlocks",
                atomicWriteBlocks,
                "must be a power of two, or 0");
        require(numaId >= ANY_NUMA_NODE, name, "numaId", numaId, "must be at least 0, or -1");
        if (zones != null) {
            require(
                    blockCount % zones.zoneBlocks() == 0,
                    name,
                    "blockCount",
                    blockCount,
                    "must be whole zones of " + zones.zoneBlocks());
        }
    }

    private static void requireName(@Nullable String name) {
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("a bdev needs a name that is not blank");
        }
    }

    private static void require(boolean good, String bdev, String property, long value, String rule) {
        if (!good) {
            throw new IllegalArgumentException("bdev " + bdev + ": " + property + " is " + value + " but " + rule);
        }
    }

    BdevSpec withUuid(UUID value) {
        return new BdevSpec(
                name,
                productName,
                aliases,
                value,
                blockSize,
                blockCount,
                requiredAlignment,
                optimalIoBoundary,
                splitOnOptimalIoBoundary,
                writeUnitSize,
                splitOnWriteUnit,
                maxRwBlocks,
                maxSegmentSize,
                maxSegments,
                maxUnmapBlocks,
                maxWriteZeroesBlocks,
                maxCopyBlocks,
                acwu,
                writeCache,
                zones,
                metadata,
                atomicWriteBlocks,
                numaId);
    }

    /** Begins the description of a device. */
    public static Builder builder(String name, int blockSize, long blockCount) {
        return new Builder(name, blockSize, blockCount);
    }

    /** Collects the properties of a device; what is not set keeps a default that restricts nothing. */
    public static final class Builder {
        private final String name;
        private final int blockSize;
        private final long blockCount;
        private final LinkedHashSet<String> aliases = new LinkedHashSet<>();
        private String productName = "bdev";
        private @Nullable UUID uuid;
        private int requiredAlignment = 1;
        private int optimalIoBoundary;
        private boolean splitOnOptimalIoBoundary;
        private int writeUnitSize = 1;
        private boolean splitOnWriteUnit;
        private int maxRwBlocks;
        private int maxSegmentSize;
        private int maxSegments;
        private long maxUnmapBlocks;
        private long maxWriteZeroesBlocks;
        private long maxCopyBlocks;
        private int acwu;
        private boolean writeCache;
        private @Nullable ZoneSpec zones;
        private @Nullable MetadataSpec metadata;
        private int atomicWriteBlocks;
        private int numaId = ANY_NUMA_NODE;

        private Builder(String name, int blockSize, long blockCount) {
            this.name = name;
            this.blockSize = blockSize;
            this.blockCount = blockCount;
        }

        /** See {@link BdevSpec#productName}. */
        public Builder productName(String value) {
            this.productName = value;
            return this;
        }

        /** Adds a further name. */
        public Builder alias(String value) {
            aliases.add(value);
            return this;
        }

        /** See {@link BdevSpec#uuid}. */
        public Builder uuid(@Nullable UUID value) {
            this.uuid = value;
            return this;
        }

        /** See {@link BdevSpec#requiredAlignment}. */
        public Builder requiredAlignment(int bytes) {
            this.requiredAlignment = bytes;
            return this;
        }

        /** See {@link BdevSpec#optimalIoBoundary}. */
        public Builder optimalIoBoundary(int blocks, boolean split) {
            this.optimalIoBoundary = blocks;
            this.splitOnOptimalIoBoundary = split;
            return this;
        }

        /** See {@link BdevSpec#writeUnitSize}. */
        public Builder writeUnitSize(int blocks, boolean split) {
            this.writeUnitSize = blocks;
            this.splitOnWriteUnit = split;
            return this;
        }

        /** See {@link BdevSpec#maxRwBlocks}. */
        public Builder maxRwBlocks(int blocks) {
            this.maxRwBlocks = blocks;
            return this;
        }

        /** See {@link BdevSpec#maxSegmentSize}. */
        public Builder maxSegmentSize(int bytes) {
            this.maxSegmentSize = bytes;
            return this;
        }

        /** See {@link BdevSpec#maxSegments}. */
        public Builder maxSegments(int count) {
            this.maxSegments = count;
            return this;
        }

        /** See {@link BdevSpec#maxUnmapBlocks}. */
        public Builder maxUnmapBlocks(long blocks) {
            this.maxUnmapBlocks = blocks;
            return this;
        }

        /** See {@link BdevSpec#maxWriteZeroesBlocks}. */
        public Builder maxWriteZeroesBlocks(long blocks) {
            this.maxWriteZeroesBlocks = blocks;
            return this;
        }

        /** See {@link BdevSpec#maxCopyBlocks}. */
        public Builder maxCopyBlocks(long blocks) {
            this.maxCopyBlocks = blocks;
            return this;
        }

        /** See {@link BdevSpec#acwu}. */
        public Builder acwu(int blocks) {
            this.acwu = blocks;
            return this;
        }

        /** See {@link BdevSpec#writeCache}. */
        public Builder writeCache(boolean value) {
            this.writeCache = value;
            return this;
        }

        /** See {@link BdevSpec#zones}. */
        public Builder zones(@Nullable ZoneSpec value) {
            this.zones = value;
            return this;
        }

        /** See {@link BdevSpec#metadata}. */
        public Builder metadata(@Nullable MetadataSpec value) {
            this.metadata = value;
            return this;
        }

        /** See {@link BdevSpec#atomicWriteBlocks}. */
        public Builder atomicWriteBlocks(int blocks) {
            this.atomicWriteBlocks = blocks;
            return this;
        }

        /** See {@link BdevSpec#numaId}. */
        public Builder numaId(int value) {
            this.numaId = value;
            return this;
        }

        /** The description. */
        public BdevSpec build() {
            return new BdevSpec(
                    name,
                    productName,
                    new ArrayList<>(aliases),
                    uuid,
                    blockSize,
                    blockCount,
                    requiredAlignment,
                    optimalIoBoundary,
                    splitOnOptimalIoBoundary,
                    writeUnitSize,
                    splitOnWriteUnit,
                    maxRwBlocks,
                    maxSegmentSize,
                    maxSegments,
                    maxUnmapBlocks,
                    maxWriteZeroesBlocks,
                    maxCopyBlocks,
                    acwu,
                    writeCache,
                    zones,
                    metadata,
                    atomicWriteBlocks,
                    numaId);
        }
    }
}
