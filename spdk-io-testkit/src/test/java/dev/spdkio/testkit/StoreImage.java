// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of a store of {@link PowerCutWorld}, to be damaged. */
final class StoreImage {
    static final int PAGE = 4096;
    static final int PAGE_MASK = PAGE;
    static final int CLUSTER_MASK = 2 * PAGE;
    static final int BLOB_MASK = 3 * PAGE;

    /** Where metadata pages begin: behind the super block and three masks. */
    static final int METADATA = 4 * PAGE;

    static final int PAGES = 24;

    private static final int MASK_HEADER = 5;

    private final byte[] bytes;
    private final ByteBuffer view;

    StoreImage(byte[] bytes) {
        this.bytes = bytes.clone();
        this.view = ByteBuffer.wrap(this.bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    byte[] bytes() {
        return bytes;
    }

    /** The offset of a metadata page. */
    static int page(long blobOrPage) {
        return METADATA + PAGE * (int) blobOrPage;
    }

    /** The metadata page behind a root. */
    int next(long blob) {
        return view.getInt(page(blob) + 4088);
    }

    StoreImage flip(int at) {
        bytes[at] ^= 1;
        return this;
    }

    StoreImage put32(int at, int value) {
        view.putInt(at, value);
        return this;
    }

    StoreImage put64(int at, long value) {
        view.putLong(at, value);
        return this;
    }

    /** Has a page look intact. */
    StoreImage seal(int at) {
        PowerCutWorld.seal(bytes, at);
        return this;
    }

    StoreImage zero(int at) {
        view.put(at, new byte[PAGE]);
        return this;
    }

    StoreImage bit(int mask, int bit, boolean value) {
        int at = mask + MASK_HEADER + bit / 8;
        bytes[at] = (byte) (value ? bytes[at] | 1 << bit % 8 : bytes[at] & ~(1 << bit % 8));
        return this;
    }

    /** Where the payload of the first descriptor of a kind is in a page. */
    int descriptor(int page, int type) {
        for (int at = page + 16; at < page + 4088; at += 5 + view.getInt(at + 1)) {
            if (bytes[at] == type) {
                return at + 5;
            }
        }
        throw new AssertionError("no descriptor of type " + type);
    }

    /** The first cluster of a blob whose extents are in its root. */
    int firstCluster(long blob) {
        return view.getInt(descriptor(page(blob), 1));
    }

    /** Gives a blob whose extents are in its root another first cluster, with those behind. */
    StoreImage firstCluster(long blob, int cluster) {
        return put32(descriptor(page(blob), 1), cluster).seal(page(blob));
    }
}
