// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.spdkio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a shared library says about itself, read without loading it.
 *
 * @param path the file
 * @param soname the name by which others need it; the file's own name if it has none
 * @param needed the sonames that it needs
 * @param defined the symbols that it has
 * @param undefined the symbols that somebody else must have; not those it can do without
 */
record ElfFile(Path path, String soname, List<String> needed, Set<String> defined, Set<String> undefined) {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final byte ELF64 = 2;
    static final byte LITTLE_ENDIAN = 1;
    static final short SHARED_OBJECT = 3;
    private static final short X86_64 = 62;
    private static final short AARCH64 = 183;
    private static final int SECTION_DYNAMIC = 6;
    private static final int SECTION_DYNSYM = 11;
    private static final int DT_NEEDED = 1;
    private static final int DT_SONAME = 14;
    private static final int WEAK = 2;

    /** How SPDK's greeting begins, and the first four letters of it as a number. */
    private static final Pattern VERSION = Pattern.compile("SPDK (v\\d\\d\\.\\d\\d)");

    private static final int VERSION_CHARS = 11;
    private static final int SPDK = 0x4b445053;

    /** The file, or null if it is no shared library for this CPU (a linker script, for one) or cannot be read. */
    static @Nullable ElfFile read(Path path) {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment image = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            return isForThisMachine(image) ? new Reader(image).file(path) : null;
        } catch (IOException | IndexOutOfBoundsException e) {
            return null;
        }
    }

    private static boolean isForThisMachine(MemorySegment image) {
        return image.byteSize() > 64
                && image.get(INT, 0) == 0x464c457f
                && image.get(JAVA_BYTE, 4) == ELF64
                && image.get(JAVA_BYTE, 5) == LITTLE_ENDIAN
                && image.get(SHORT, 16) == SHARED_OBJECT
                && image.get(SHORT, 18) == machine();
    }

    /** The number of this CPU's architecture. */
    static short machine() {
        return Platform.arch().equals("aarch64") ? AARCH64 : X86_64;
    }

    /** Walks the sections; offsets are those of Elf64_Ehdr, Elf64_Shdr, Elf64_Dyn and Elf64_Sym. */
    private record Reader(MemorySegment image) {
        ElfFile file(Path path) {
            String soname = String.valueOf(path.getFileName());
            Set<String> needed = new LinkedHashSet<>();
            Set<String> defined = new HashSet<>();
            Set<String> undefined = new HashSet<>();
            int sections = Short.toUnsignedInt(image.get(SHORT, 60));
            for (int i = 0; i < sections; i++) {
                MemorySegment header = section(i);
                switch (header.get(INT, 4)) {
                    case SECTION_DYNAMIC -> {
                        MemorySegment table = content(header);
                        MemorySegment names = content(section(header.get(INT, 40)));
                        for (long at = 0; at + 16 <= table.byteSize(); at += 16) {
                            long tag = table.get(LONG, at);
                            if (tag == DT_NEEDED) {
                                needed.add(names.getString(table.get(LONG, at + 8)));
                            } else if (tag == DT_SONAME) {
                                soname = names.getString(table.get(LONG, at + 8));
                            }
                        }
                    }
                    case SECTION_DYNSYM ->
                        symbols(content(header), content(section(header.get(INT, 40))), defined, undefined);
                    default -> {}
                }
            }
            return new ElfFile(path, soname, List.copyOf(needed), Set.copyOf(defined), Set.copyOf(undefined));
        }

        private static void symbols(
                MemorySegment table, MemorySegment names, Set<String> defined, Set<String> undefined) {
            for (long at = 24; at + 24 <= table.byteSize(); at += 24) {
                String name = names.getString(Integer.toUnsignedLong(table.get(INT, at)));
                if (table.get(SHORT, at + 6) != 0) {
                    defined.add(name);
                } else if ((table.get(JAVA_BYTE, at + 4) >> 4) != WEAK) {
                    undefined.add(name);
                }
            }
        }

        private MemorySegment section(int index) {
            long start = image.get(LONG, 40);
            long size = Short.toUnsignedInt(image.get(SHORT, 58));
            return image.asSlice(start + index * size, size);
        }

        private MemorySegment content(MemorySegment header) {
            return image.asSlice(header.get(LONG, 24), header.get(LONG, 32));
        }
    }

    /** The version of SPDK that a library carries in one of its texts, such as {@code v26.05}; null if in none. */
    @Nullable
    String spdkVersion() {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            MemorySegment image = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            long end = image.byteSize() - VERSION_CHARS;
            for (long at = 0; at <= end; at++) {
                if (image.get(INT, at) == SPDK) {
                    byte[] text = image.asSlice(at, VERSION_CHARS).toArray(JAVA_BYTE);
                    Matcher m = VERSION.matcher(new String(text, StandardCharsets.US_ASCII));
                    if (m.matches()) {
                        return m.group(1);
                    }
                }
            }
            return null;
        } catch (IOException e) {
            return null;
        }
    }
}
