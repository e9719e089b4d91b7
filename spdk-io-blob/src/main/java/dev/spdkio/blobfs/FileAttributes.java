// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The attributes that make a file of a blob, as they are on the device. */
final class FileAttributes {
    /** The type of a blobstore with files. */
    static final String STORE_TYPE = "BLOBFS";

    /** The name, with a NUL at its end. */
    static final String NAME = "name";

    /** The length in bytes. */
    static final String LENGTH = "length";

    /** There is one: it was deleted while it was open. */
    static final String DELETED = "is_deleted";

    /** The blob whose name it has taken, until that is deleted. Not SPDK's, which ignores it. */
    static final String REPLACES = "spdkio.replaces";

    static final byte[] TRUE = {1};

    private FileAttributes() {}

    /** Refuses what cannot be a name. */
    static void checkName(String name) throws SpdkException {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || name.indexOf('\0') >= 0 || !name.equals(new String(bytes, StandardCharsets.UTF_8))) {
            throw new IllegalArgumentException(
                    "file name '" + name + "': it has characters, no NUL, and no half of a surrogate pair");
        }
        if (bytes.length > BlobFs.MAX_NAME_BYTES) {
            throw Failures.of(
                    Errno.ENAMETOOLONG,
                    "using file name '" + name + "'",
                    "it has " + bytes.length + " bytes, and at most " + BlobFs.MAX_NAME_BYTES + " are possible");
        }
    }

    static byte[] encodeName(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    /** Null if it is no name. */
    static @Nullable String decodeName(byte[] value) {
        int end = 0;
        while (end < value.length && value[end] != 0) {
            end++;
        }
        if (end == 0 || end > BlobFs.MAX_NAME_BYTES) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(value, 0, end))
                    .toString();
        } catch (CharacterCodingException noText) {
            return null;
        }
    }

    static byte[] encode(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    /** -1 if it is no number that is not negative. */
    static long decode(byte @Nullable [] value) {
        return value == null || value.length != Long.BYTES
                ? -1
                : Math.max(
                        -1,
                        ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }
}
