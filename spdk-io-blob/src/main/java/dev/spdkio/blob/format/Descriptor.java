// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.format;

/** Kinds of pieces of a metadata page. Each has a byte for the kind and four for its length. */
final class Descriptor {
    static final int HEADER = 5;

    static final int PADDING = 0;
    static final int EXTENT_RLE = 1;
    static final int XATTR = 2;
    static final int FLAGS = 3;
    static final int XATTR_INTERNAL = 4;
    static final int EXTENT_TABLE = 5;
    static final int EXTENT_PAGE = 6;

    private Descriptor() {}
}
