// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.blob.Blob;
import dev.spdkio.blob.ClearMethod;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the attributes of blobs say of stores and volumes: names and identities, as texts with a zero at the end. What
 * is on the device is not to be trusted.
 */
final class LvolAttributes {
    static final String NAME = "name";
    static final String UUID_NAME = "uuid";

    /** SPDK gives the name of a new volume all the room that it may ever need. */
    private static final int NAME_ROOM = LvolStoreOptions.MAX_NAME_BYTES + 1;

    private static final int UUID_CHARS = 36;

    private LvolAttributes() {}

    static void checkName(String of, String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes >= NAME_ROOM || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the name '" + name + "' of " + of + " has " + bytes + " bytes: 1 to "
                    + LvolStoreOptions.MAX_NAME_BYTES + ", and no NUL");
        }
    }

    static byte[] text(String value) {
        return (value + '\0').getBytes(StandardCharsets.UTF_8);
    }

    /** The attributes of a new store. */
    static Map<String, byte[]> ofStore(String name, UUID uuid) {
        Map<String, byte[]> all = new LinkedHashMap<>(); // in SPDK's order
        all.put(UUID_NAME, text(uuid.toString()));
        all.put(NAME, text(name));
        return all;
    }

    /** The attributes of a new volume. */
    static Map<String, byte[]> ofLvol(String name, UUID uuid) {
        Map<String, byte[]> all = new LinkedHashMap<>();
        all.put(NAME, Arrays.copyOf(text(name), NAME_ROOM));
        all.put(UUID_NAME, text(uuid.toString()));
        return all;
    }

    /** The name that a blob has, or null if it has none that can be one. */
    static @Nullable String name(Blob blob) {
        byte[] value = blob.xattr(NAME);
        if (value == null || value.length > NAME_ROOM) {
            return null;
        }
        int end = 0;
        while (end < value.length && value[end] != 0) {
            end++;
        }
        return end == 0 || end == NAME_ROOM ? null : new String(value, 0, end, StandardCharsets.UTF_8);
    }

    /** The identity that a blob has, or null if it has none that can be one. */
    static @Nullable UUID uuid(Blob blob) {
        byte[] value = blob.xattr(UUID_NAME);
        if (value == null || value.length != UUID_CHARS + 1 || value[UUID_CHARS] != 0) {
            return null;
        }
        String text = new String(value, 0, UUID_CHARS, StandardCharsets.ISO_8859_1);
        try {
            UUID uuid = UUID.fromString(text);
            boolean none = uuid.getMostSignificantBits() == 0 && uuid.getLeastSignificantBits() == 0;
            // It also takes groups of other lengths.
            return none || !uuid.toString().equalsIgnoreCase(text) ? null : uuid;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** What the methods of RPC call it. */
    static ClearMethod clearMethod(String name) {
        for (ClearMethod method : ClearMethod.values()) {
            if (method != ClearMethod.DEFAULT && method.name().equalsIgnoreCase(name)) {
                return method;
            }
        }
        throw new IllegalArgumentException("clear_method '" + name + "' is unknown: use none, unmap or write_zeroes");
    }
}
