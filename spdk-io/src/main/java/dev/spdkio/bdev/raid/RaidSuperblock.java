// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.raid;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What an array remembers of itself at the beginning of each base, in SPDK's format, version 1.0.
 *
 * <p>It is its own bytes: what this version does not know stays as it was read, as SPDK leaves it. 256 bytes, and 64
 * more for each base, little-endian, with a CRC32C over all of it.
 *
 * <p>{@link #cleanSequence} lies in bytes that SPDK reserves, writes as zeroes, and otherwise keeps: it says with which
 * sequence number the array was last closed in good order. SPDK counts the number up whenever it assembles the array,
 * so that whatever it does afterwards is not taken for a clean end.
 *
 * <p>Thread rule: confined to the app thread.
 */
final class RaidSuperblock {
    /** Of the part without bases, in bytes. */
    static final int HEADER = 256;

    /** Of the description of one base, in bytes. */
    static final int BASE = 64;

    static final int MAX_BASES = 255;
    static final int MAX_LENGTH = HEADER + MAX_BASES * BASE;

    /** What a name may have at most, in bytes of UTF-8: there is a zero behind it. */
    static final int MAX_NAME = 63;

    private static final byte[] SIGNATURE = "SPDKRAID".getBytes(StandardCharsets.US_ASCII);
    private static final int MAJOR = 1;

    private static final int VERSION_AT = 8;
    private static final int LENGTH_AT = 12;
    private static final int CRC_AT = 16;
    private static final int UUID_AT = 24;
    private static final int NAME_AT = 40;
    private static final int RAID_SIZE_AT = 104;
    private static final int BLOCK_SIZE_AT = 112;
    private static final int LEVEL_AT = 116;
    private static final int STRIP_AT = 120;
    private static final int SEQUENCE_AT = 128;
    private static final int BASE_COUNT_AT = 136;
    private static final int CLEAN_AT = 144;
    private static final int ENTRY_COUNT_AT = 255;

    private static final int ENTRY_OFFSET_AT = 16;
    private static final int ENTRY_SIZE_AT = 24;
    private static final int ENTRY_STATE_AT = 32;
    private static final int ENTRY_SLOT_AT = 40;

    /** What an array knows of a base. The order is that of the numbers in the format. */
    enum BaseState {
        MISSING,
        CONFIGURED,
        FAILED,
        SPARE
    }

    private final ByteBuffer b;

    private RaidSuperblock(byte[] bytes) {
        b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The superblock of a new array, whose bases are {@link BaseState#CONFIGURED} and otherwise not filled in. */
    static RaidSuperblock create(
            UUID uuid, String name, RaidLevel level, int blockSize, int stripBlocks, long raidBlocks, int bases) {
        byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
        if (encoded.length > MAX_NAME) {
            throw new IllegalArgumentException("raid bdev " + name + ": the name has " + encoded.length
                    + " bytes; with a superblock it may have " + MAX_NAME);
        }
        RaidSuperblock sb = new RaidSuperblock(new byte[HEADER + bases * BASE]);
        sb.b.put(0, SIGNATURE).putShort(VERSION_AT, (short) MAJOR).putInt(LENGTH_AT, sb.length());
        sb.putUuid(UUID_AT, uuid);
        sb.b.put(NAME_AT, encoded)
                .putLong(RAID_SIZE_AT, raidBlocks)
                .putInt(BLOCK_SIZE_AT, blockSize)
                .putInt(LEVEL_AT, level.number())
                .putInt(STRIP_AT, stripBlocks)
                .put(BASE_COUNT_AT, (byte) bases)
                .put(ENTRY_COUNT_AT, (byte) bases);
        for (int i = 0; i < bases; i++) {
            sb.b.put(sb.entry(i) + ENTRY_SLOT_AT, (byte) i);
            sb.setState(i, BaseState.CONFIGURED);
        }
        return sb;
    }

    // ---- reading it from a device ----------------------------------------------------------------------------------

    /** Whether these first bytes of a device begin like a superblock. */
    static boolean hasSignature(byte[] head) {
        return head.length >= HEADER && Arrays.equals(head, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
    }

    /**
     * How many bytes have to be read, as these first ones of it say.
     *
     * @throws SpdkException EINVAL if that cannot be
     */
    static int lengthOf(byte[] head) throws SpdkException {
        int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(LENGTH_AT);
        check(length >= HEADER && length <= MAX_LENGTH, "its length is " + Integer.toUnsignedString(length) + " bytes");
        return length;
    }

    /**
     * Takes in what was read from a device and begins with {@link #hasSignature}.
     *
     * @throws SpdkException EINVAL, saying why, if it is damaged or makes no sense
     */
    static RaidSuperblock parse(byte[] bytes) throws SpdkException {
        int length = lengthOf(bytes);
        check(length <= bytes.length, "it ends after " + bytes.length + " of " + length + " bytes");
        RaidSuperblock sb = new RaidSuperblock(Arrays.copyOf(bytes, length));
        check(sb.crc() == sb.b.getInt(CRC_AT), "its checksum is wrong");
        int major = Short.toUnsignedInt(sb.b.getShort(VERSION_AT));
        check(major == MAJOR, "its version is " + major + ", not " + MAJOR);
        sb.checkContent(length);
        return sb;
    }

    private void checkContent(int length) throws SpdkException {
        int entries = Byte.toUnsignedInt(b.get(ENTRY_COUNT_AT));
        check(HEADER + entries * BASE <= length, entries + " bases do not fit into " + length + " bytes");
        RaidLevel level = RaidLevel.of(b.getInt(LEVEL_AT));
        check(level != null, "its level is " + b.getInt(LEVEL_AT));
        int bases = bases();
        check(level != null && bases >= level.minBases(), "it has " + bases + " bases");
        check(entries == bases, "it describes " + entries + " of " + bases + " bases");
        int block = blockSize();
        check(block > 0 && block % 512 == 0, "its block size is " + block);
        int strip = stripBlocks();
        check(
                level == RaidLevel.RAID1 ? strip == 0 : strip > 0 && Integer.bitCount(strip) == 1,
                "its strips have " + strip + " blocks");
        check((long) strip * block <= Integer.MAX_VALUE, "its strips have " + strip + " blocks of " + block);
        check(raidBlocks() > 0 && raidBlocks() <= Long.MAX_VALUE / block, "it has " + raidBlocks() + " blocks");
        check(!uuid().equals(new UUID(0, 0)), "it has no UUID");
        String name = nameOrNull();
        check(name != null && !name.isBlank(), "its name is no text");
        boolean[] seen = new boolean[bases];
        for (int i = 0; i < bases; i++) {
            checkEntry(i, bases, block, seen);
        }
    }

    @SuppressWarnings("EnumOrdinal") // the order is that of the format
    private void checkEntry(int i, int bases, int block, boolean[] seen) throws SpdkException {
        int at = entry(i);
        int slot = Byte.toUnsignedInt(b.get(at + ENTRY_SLOT_AT));
        check(slot < bases && !seen[slot], "base " + i + " is in slot " + slot);
        seen[slot] = true;
        int state = b.getInt(at + ENTRY_STATE_AT);
        check(state >= 0 && state < BaseState.values().length, "base " + i + " is in state " + state);
        long offset = b.getLong(at + ENTRY_OFFSET_AT);
        long size = b.getLong(at + ENTRY_SIZE_AT);
        check(
                offset >= 0 && size >= 0 && offset <= Long.MAX_VALUE / block - size,
                "base " + i + " has " + size + " blocks from block " + offset + " on");
        check(
                state != BaseState.CONFIGURED.ordinal() || offset * block >= length(),
                "base " + i + " has data from block " + offset + " on, where the superblock is");
    }

    private static void check(boolean good, String what) throws SpdkException {
        if (!good) {
            throw new SpdkException(Errno.EINVAL, "not a good raid superblock: " + what);
        }
    }

    // ---- its bytes -------------------------------------------------------------------------------------------------

    /** In bytes. */
    int length() {
        return b.capacity();
    }

    /** Its bytes, with the checksum of what is in it now. */
    byte[] encode() {
        b.putInt(CRC_AT, crc());
        return b.array().clone();
    }

    /** CRC32C with SPDK's start and end values, which are zero where the usual ones are all ones. */
    private int crc() {
        CRC32C crc = new CRC32C();
        crc.update(new byte[] {-1, -1, -1, -1}); // brings the register from all ones to zero
        byte[] bytes = b.array();
        crc.update(bytes, 0, CRC_AT);
        crc.update(new byte[Integer.BYTES]);
        crc.update(bytes, CRC_AT + Integer.BYTES, bytes.length - CRC_AT - Integer.BYTES);
        return ~(int) crc.getValue();
    }

    private int entry(int i) {
        return HEADER + i * BASE;
    }

    private UUID getUuid(int at) {
        return new UUID(Long.reverseBytes(b.getLong(at)), Long.reverseBytes(b.getLong(at + Long.BYTES)));
    }

    private void putUuid(int at, UUID uuid) {
        b.putLong(at, Long.reverseBytes(uuid.getMostSignificantBits()))
                .putLong(at + Long.BYTES, Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    // ---- the array -------------------------------------------------------------------------------------------------

    UUID uuid() {
        return getUuid(UUID_AT);
    }

    String name() {
        String name = nameOrNull();
        return name == null ? "" : name;
    }

    private @Nullable String nameOrNull() {
        int length = 0;
        while (length <= MAX_NAME && b.get(NAME_AT + length) != 0) {
            length++;
        }
        if (length > MAX_NAME) {
            return null;
        }
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(b.slice(NAME_AT, length));
            return text.chars().noneMatch(Character::isISOControl) ? text.toString() : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    RaidLevel level() {
        RaidLevel level = RaidLevel.of(b.getInt(LEVEL_AT));
        if (level == null) {
            throw new IllegalStateException("unchecked superblock");
        }
        return level;
    }

    /** In bytes. */
    int blockSize() {
        return b.getInt(BLOCK_SIZE_AT);
    }

    /** 0 for a level without strips. */
    int stripBlocks() {
        return b.getInt(STRIP_AT);
    }

    long raidBlocks() {
        return b.getLong(RAID_SIZE_AT);
    }

    void setRaidBlocks(long blocks) {
        b.putLong(RAID_SIZE_AT, blocks);
    }

    /** Counted up with each change, compared unsigned: the highest one is the truth. */
    long sequence() {
        return b.getLong(SEQUENCE_AT);
    }

    void setSequence(long value) {
        b.putLong(SEQUENCE_AT, value);
    }

    /** The sequence number of the last end in good order; 0 if there was none. */
    long cleanSequence() {
        return b.getLong(CLEAN_AT);
    }

    void setCleanSequence(long value) {
        b.putLong(CLEAN_AT, value);
    }

    /** Whether the array was closed in good order and nobody has used it since. */
    boolean isClean() {
        return sequence() != 0 && sequence() == cleanSequence();
    }

    // ---- its bases, by slot ----------------------------------------------------------------------------------------

    int bases() {
        return Byte.toUnsignedInt(b.get(BASE_COUNT_AT));
    }

    private int entryOfSlot(int slot) {
        for (int i = 0; i < bases(); i++) {
            if (Byte.toUnsignedInt(b.get(entry(i) + ENTRY_SLOT_AT)) == slot) {
                return entry(i);
            }
        }
        throw new IllegalArgumentException("slot " + slot + " of " + bases());
    }

    /** The slot of the base with that UUID, or -1. */
    int slotOf(UUID base) {
        for (int slot = 0; slot < bases(); slot++) {
            if (baseUuid(slot).equals(base)) {
                return slot;
            }
        }
        return -1;
    }

    UUID baseUuid(int slot) {
        return getUuid(entryOfSlot(slot));
    }

    long dataOffset(int slot) {
        return b.getLong(entryOfSlot(slot) + ENTRY_OFFSET_AT);
    }

    long dataBlocks(int slot) {
        return b.getLong(entryOfSlot(slot) + ENTRY_SIZE_AT);
    }

    BaseState state(int slot) {
        return BaseState.values()[b.getInt(entryOfSlot(slot) + ENTRY_STATE_AT)];
    }

    @SuppressWarnings("EnumOrdinal") // the order is that of the format
    void setState(int slot, BaseState state) {
        b.putInt(entryOfSlot(slot) + ENTRY_STATE_AT, state.ordinal());
    }

    /** A base is no member any more, if it was one. */
    void lose(int slot, BaseState as) {
        if (state(slot) == BaseState.CONFIGURED) {
            setState(slot, as);
        }
    }

    void setDataBlocks(int slot, long blocks) {
        b.putLong(entryOfSlot(slot) + ENTRY_SIZE_AT, blocks);
    }

    void setBase(int slot, UUID uuid, long dataOffset, long dataBlocks) {
        int at = entryOfSlot(slot);
        putUuid(at, uuid);
        b.putLong(at + ENTRY_OFFSET_AT, dataOffset).putLong(at + ENTRY_SIZE_AT, dataBlocks);
    }

    @Override
    public String toString() {
        return "superblock " + sequence() + " of raid bdev " + name();
    }
}
