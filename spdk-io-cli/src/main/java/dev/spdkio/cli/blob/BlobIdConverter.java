// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads identifiers of blobs: {@code 0x100000000}, or the same in decimal. */
final class BlobIdConverter implements ITypeConverter<BlobId> {
    private static final int HEX = 16;
    private static final int DECIMAL = 10;

    @Override
    public BlobId convert(String text) {
        try {
            BlobId id = new BlobId(
                    text.startsWith("0x")
                            ? Long.parseUnsignedLong(text.substring(2), HEX)
                            : Long.parseUnsignedLong(text, DECIMAL));
            if (id.isPlausible()) {
                return id;
            }
        } catch (IllegalArgumentException notOne) {
            // told below
        }
        throw new TypeConversionException(
                "'" + text + "' is no identifier of a blob: they are as 0x100000000; spdkio blob list tells them");
    }
}
