// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * Changes the metadata of a store where it means something, and mostly seals what it has changed, so that more than the
 * checksums is tried.
 */
final class Mutator {
    static final int PAGE = 4096;

    /** The super block and three masks. */
    private static final int FIRST = 4;

    private static final int PAGES = FIRST + CutWorld.METADATA_PAGES;
    private static final int DESCRIPTORS = 16;
    private static final int NEXT = 4088;
    private static final int CRC = 4092;
    private static final int HEADER = 5;
    private static final int KINDS = 8;

    private static final long[] BORDERS = {
        0,
        1,
        2,
        3,
        FIRST,
        CutWorld.METADATA_PAGES - 1,
        CutWorld.METADATA_PAGES,
        PAGES,
        75,
        76,
        77,
        511,
        512,
        513,
        4096,
        0xFFFF,
        1 << 24,
        (1 << 24) + 1,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        -1,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private static final byte[][] NAMES = {bytes("SNAP"), bytes("SNAPTMP"), bytes("SNAPRM"), bytes("EXTSNAP")};

    private final List<byte[]> images;
    private final RandomGenerator random;
    private final byte[] image;
    private final ByteBuffer view;

    private Mutator(List<byte[]> images, RandomGenerator random) {
        this.images = images;
        this.random = random;
        this.image = images.get(random.nextInt(images.size())).clone();
        this.view = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** One of the images, with some changes. */
    static byte[] change(List<byte[]> images, RandomGenerator random) {
        Mutator m = new Mutator(images, random);
        for (int i = 1 + random.nextInt(random.nextInt(8) == 0 ? 12 : 4); i > 0; i--) {
            m.change();
        }
        return m.image;
    }

    private void change() {
        int page = random.nextInt(8) == 0 ? random.nextInt(FIRST) : used();
        int at = page * PAGE;
        switch (random.nextInt(10)) {
            case 0 -> bytes(at);
            case 1 -> header(at);
            case 2 -> copy(at);
            case 3 -> tear(at);
            default -> {
                if (page == 0) {
                    number(random.nextInt(24) * 4);
                } else if (page < FIRST) {
                    image[at + random.nextInt(16)] ^= (byte) (1 << random.nextInt(8));
                } else {
                    descriptor(at);
                }
            }
        }
        if (random.nextInt(8) > 0) {
            seal(at);
        }
        if (random.nextInt(4) == 0) {
            image[DESCRIPTORS] = 0; // not unloaded
            seal(0);
        }
    }

    /** A page of metadata, mostly one with something in it. */
    private int used() {
        int page = FIRST + random.nextInt(CutWorld.METADATA_PAGES);
        for (int i = 0; i < CutWorld.METADATA_PAGES && view.getInt(page * PAGE + NEXT) == 0; i++) {
            page = page + 1 < PAGES ? page + 1 : FIRST;
        }
        return random.nextInt(16) == 0 ? FIRST + random.nextInt(CutWorld.METADATA_PAGES) : page;
    }

    private void seal(int at) {
        CRC32C crc = new CRC32C();
        crc.update(image, at, CRC);
        view.putInt(at + CRC, (int) crc.getValue());
    }

    private void bytes(int at) {
        int from = random.nextInt(random.nextBoolean() ? 160 : PAGE);
        for (int i = 1 + random.nextInt(12); i > 0 && from < PAGE; i--) {
            image[at + from++] = (byte) random.nextInt();
        }
    }

    /** Whose page it is, its number, and what follows. */
    private void header(int at) {
        switch (random.nextInt(3)) {
            case 0 -> view.putLong(at, random.nextBoolean() ? id() : border());
            case 1 -> view.putInt(at + 8, random.nextInt(4));
            default ->
                view.putInt(
                        at + NEXT, random.nextInt(3) == 0 ? (int) border() : random.nextInt(CutWorld.METADATA_PAGES));
        }
    }

    private static final int[] SECTORS = {512, 1024, 2048, 3584};

    private int other() {
        return random.nextInt(PAGES) * PAGE;
    }

    private void copy(int at) {
        byte[] from = random.nextBoolean() ? image : images.get(random.nextInt(images.size()));
        System.arraycopy(from, random.nextInt(3) == 0 ? at : other(), image, at, PAGE);
    }

    /** The device wrote a part of it. */
    private void tear(int at) {
        byte[] from = images.get(random.nextInt(images.size()));
        int end = SECTORS[random.nextInt(SECTORS.length)];
        System.arraycopy(from, random.nextBoolean() ? at : other(), image, at, end);
    }

    private long border() {
        return random.nextInt(4) == 0 ? random.nextInt(100) : BORDERS[random.nextInt(BORDERS.length)];
    }

    private long id() {
        return 1L << Integer.SIZE | random.nextInt(CutWorld.METADATA_PAGES + 1);
    }

    private void number(int at) {
        if (random.nextBoolean()) {
            view.putInt(at, (int) border());
        } else {
            view.putLong(at, border());
        }
    }

    // ---- descriptors ------------------------------------------------------------------------------------------------

    private void descriptor(int page) {
        List<Integer> all = new ArrayList<>();
        int end = page + NEXT;
        int at = page + DESCRIPTORS;
        while (at + HEADER <= end && image[at] != 0 && length(at) <= end - at - HEADER) {
            all.add(at);
            at += HEADER + (int) length(at);
        }
        int it = all.isEmpty() || random.nextInt(8) == 0 ? at : all.get(random.nextInt(all.size()));
        if (it + HEADER + 16 > end) {
            return;
        }
        int length = (int) Math.min(length(it), end - it - HEADER);
        switch (random.nextInt(8)) {
            case 0 -> image[it] = (byte) random.nextInt(KINDS);
            case 1 -> view.putInt(it + 1, random.nextBoolean() ? length + random.nextInt(-4, 5) : (int) border());
            case 2 -> System.arraycopy(image, it + HEADER + length, image, it, end - it - HEADER - length); // gone
            case 3 -> insert(it, end, length == 0 ? random.nextInt(64) : length, random.nextBoolean());
            case 4 -> name(it, end);
            default -> number(it + HEADER + random.nextInt(Math.max(1, Math.min(length, 64) / 4)) * 4);
        }
    }

    private long length(int at) {
        return Integer.toUnsignedLong(view.getInt(at + 1));
    }

    /** The same once more, or one of random bytes. */
    private void insert(int at, int end, int length, boolean same) {
        int size = HEADER + length;
        if (at + 2 * size > end) {
            return;
        }
        System.arraycopy(image, at, image, at + size, end - at - size);
        if (!same) {
            image[at] = (byte) random.nextInt(KINDS);
            view.putInt(at + 1, length);
            for (int i = HEADER; i < size; i++) {
                image[at + i] = (byte) (random.nextInt(3) == 0 ? random.nextInt() : 0);
            }
        }
    }

    /** An attribute of the blobstore's own. */
    private void name(int at, int end) {
        byte[] name = NAMES[random.nextInt(NAMES.length)];
        int length = 4 + name.length + Long.BYTES;
        if (at + HEADER + length > end) {
            return;
        }
        System.arraycopy(image, at, image, at + HEADER + length, end - at - HEADER - length);
        image[at] = (byte) (random.nextInt(4) == 0 ? 2 : 4);
        view.putInt(at + 1, length);
        view.putShort(at + HEADER, (short) name.length);
        view.putShort(at + HEADER + 2, (short) Long.BYTES);
        System.arraycopy(name, 0, image, at + HEADER + 4, name.length);
        view.putLong(at + HEADER + 4 + name.length, random.nextInt(4) == 0 ? border() : id());
    }
}
