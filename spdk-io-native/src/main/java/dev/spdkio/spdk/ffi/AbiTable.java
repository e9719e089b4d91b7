// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a release of SPDK's headers says about sizes, offsets and constants: the layouts of this package are built
 * from it. A table is a text file that {@code tools/abi-probe} makes.
 *
 * <p>Nested fields are named with dots, such as {@code u.bdev.iovs}. Sizes and offsets are in bytes. Asking for what
 * the release does not have throws {@link IllegalStateException}; ask {@link #hasStruct} or {@link #hasField} first
 * where releases differ.
 *
 * <p>Thread rule: immutable, any thread.
 */
public final class AbiTable {
    private record Field(long offset, long size) {}

    private record Bits(long offset, long mask) {}

    private final String release;
    private final Map<String, String> sonames = new HashMap<>();
    private final Map<String, Long> sizes = new HashMap<>();
    private final Map<String, Field> fields = new HashMap<>();
    private final Map<String, Bits> bits = new HashMap<>();
    private final Map<String, Long> values = new HashMap<>();

    private AbiTable(String release) {
        this.release = release;
    }

    /** The table of the loaded release. */
    public static AbiTable get() {
        return LibSpdk.get().abi();
    }

    /**
     * Reads a table.
     *
     * @param release the release it must be of, such as {@code v26.05}
     * @throws IllegalArgumentException naming the line that is none
     */
    static AbiTable parse(String release, List<String> lines) {
        AbiTable table = new AbiTable(release);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            try {
                if (!line.isBlank() && !line.startsWith("#")) {
                    table.add(line.split(" "));
                }
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(
                        "ABI table of " + release + ", line " + (i + 1) + ": '" + line + "' is no row", e);
            }
        }
        return table;
    }

    private void add(String[] row) {
        switch (row[0]) {
            case "release" -> {
                if (!row[1].equals(release)) {
                    throw new IllegalArgumentException("the table is of " + row[1]);
                }
            }
            case "lib" -> sonames.put(row[1], row[2]);
            case "sizeof" -> sizes.put(row[1], Long.parseLong(row[2]));
            case "offset" -> fields.put(row[1], new Field(Long.parseLong(row[2]), Long.parseLong(row[3])));
            case "bits" -> bits.put(row[1], new Bits(Long.parseLong(row[2]), Long.decode(row[3])));
            case "value" -> values.put(row[1], Long.parseLong(row[2]));
            default -> throw new IllegalArgumentException("unknown kind " + row[0]);
        }
    }

    /** The release, such as {@code v26.05}. */
    public String release() {
        return release;
    }

    /** The sonames of the release by library, such as {@code libspdk_bdev.so.20.0} of {@code spdk_bdev}. */
    Map<String, String> sonames() {
        return Map.copyOf(sonames);
    }

    /** Whether the release has the structure. */
    public boolean hasStruct(String struct) {
        return sizes.containsKey(struct);
    }

    /** Whether the release has the field, be it one of bytes or one of bits. */
    public boolean hasField(String struct, String field) {
        String name = struct + "." + field;
        return fields.containsKey(name) || bits.containsKey(name);
    }

    /** The size of a structure. */
    public long sizeOf(String struct) {
        return known(sizes, "struct", struct);
    }

    /** Where a field begins. */
    public long offset(String struct, String field) {
        return known(fields, "field", struct + "." + field).offset();
    }

    /** The size of a field. */
    public long size(String struct, String field) {
        return known(fields, "field", struct + "." + field).size();
    }

    /** Where the bytes of a bit field or flag begin. */
    public long bitsOffset(String struct, String field) {
        return known(bits, "bit field", struct + "." + field).offset();
    }

    /** The bits of a bit field or flag in the little-endian word at {@link #bitsOffset}. */
    public long mask(String struct, String field) {
        return known(bits, "bit field", struct + "." + field).mask();
    }

    /** Whether the release has the constant. */
    public boolean hasValue(String constant) {
        return values.containsKey(constant);
    }

    /** A constant. */
    public long value(String constant) {
        return known(values, "constant", constant);
    }

    private <T> T known(Map<String, T> rows, String kind, String name) {
        T row = rows.get(name);
        if (row == null) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "SPDK %s has no %s %s, or tools/abi-probe/abi.list does not ask for it",
                    release,
                    kind,
                    name));
        }
        return row;
    }

    @Override
    public String toString() {
        return "AbiTable[" + release + "]";
    }
}
