// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.spdkio.blob.Blob;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** Attributes of blobs for people, and the one that remembers how long a file was, as SPDK's BlobFS has it. */
final class Attributes {
    /** Bytes of the content, for clusters are larger: a number of 8 bytes, little endian. */
    static final String LENGTH = "length";

    private Attributes() {}

    /** Text if it is some, else hexadecimal. */
    static Map<String, String> of(Blob blob) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String name : blob.xattrNames()) {
            byte[] value = blob.xattr(name);
            all.put(name, value == null ? "" : text(value));
        }
        return all;
    }

    private static String text(byte[] value) {
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
            if (text.chars().noneMatch(Character::isISOControl)) {
                return text;
            }
        } catch (CharacterCodingException noText) {
            // shown in hexadecimal
        }
        return "0x" + HexFormat.of().formatHex(value);
    }

    static byte[] length(long bytes) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bytes)
                .array();
    }

    /** Bytes of the content: what the attribute says, if that can be, else the blob's size. */
    static long length(Blob blob) {
        long size = blob.clusters() * blob.store().clusterSize();
        byte[] value = blob.xattr(LENGTH);
        if (value == null || value.length != Long.BYTES) {
            return size;
        }
        long length = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length < 0 || length > size ? size : length;
    }

    /** What was given as {@code NAME=VALUE}. */
    static Map<String, byte[]> bytes(Map<String, String> given) {
        Map<String, byte[]> all = new LinkedHashMap<>();
        given.forEach((name, value) -> all.put(name, value.getBytes(UTF_8)));
        return all;
    }

    /** The same for a snapshot or a clone of a blob, which has the content and so its length. */
    static Map<String, byte[]> derived(Blob blob, Map<String, String> given) {
        Map<String, byte[]> all = bytes(given);
        byte[] length = blob.xattr(LENGTH);
        if (length != null) {
            all.putIfAbsent(LENGTH, length);
        }
        return all;
    }
}
