// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * An empty shared library that needs others: who loads it loads them all at one time.
 *
 * <p>SPDK's libraries take addresses in each other in circles (the utilities those of the environment, and the other
 * way round), so that none can be loaded before all the others; and by path the loader takes one at a time. But it
 * accepts paths as the names of needed libraries.
 */
final class ElfBundle {
    private static final int PROGRAM_HEADERS = 64;
    private static final int SYMBOLS = 240;
    private static final int HASH = SYMBOLS + 24;
    private static final int DYNAMIC = HASH + 16;

    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int READ_WRITE = 6;

    private static final int DT_NULL = 0;
    private static final int DT_NEEDED = 1;
    private static final int DT_HASH = 4;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_STRSZ = 10;
    private static final int DT_SYMENT = 11;

    private ElfBundle() {}

    /** The content of the library: headers, one empty symbol and its hash table, the dynamic section, the names. */
    static byte[] of(List<Path> libraries) {
        ByteArrayOutputStream names = new ByteArrayOutputStream();
        names.write(0);
        int entries = libraries.size() + 6;
        int strings = DYNAMIC + 16 * entries;
        byte[] content = new byte[16 * entries];
        ByteBuffer dynamic = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        for (Path library : libraries) {
            dynamic.putLong(DT_NEEDED).putLong(names.size());
            names.writeBytes(library.toString().getBytes(StandardCharsets.UTF_8));
            names.write(0);
        }
        dynamic.putLong(DT_HASH).putLong(HASH);
        dynamic.putLong(DT_STRTAB).putLong(strings);
        dynamic.putLong(DT_SYMTAB).putLong(SYMBOLS);
        dynamic.putLong(DT_STRSZ).putLong(names.size());
        dynamic.putLong(DT_SYMENT).putLong(24);
        dynamic.putLong(DT_NULL).putLong(0);

        int size = strings + names.size();
        byte[] image = new byte[size];
        ByteBuffer file = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {0x7f, 'E', 'L', 'F', ElfFile.ELF64, ElfFile.LITTLE_ENDIAN, 1});
        file.putShort(16, ElfFile.SHARED_OBJECT);
        file.putShort(18, ElfFile.machine());
        file.putInt(20, 1); // version
        file.putLong(32, PROGRAM_HEADERS);
        file.putShort(52, (short) 64); // size of this header
        file.putShort(54, (short) 56); // size of a program header
        file.putShort(56, (short) 3); // their number
        header(file, 0, PT_LOAD, 0, size, 0x10000);
        header(file, 1, PT_DYNAMIC, DYNAMIC, 16L * entries, 8);
        // Without this one the loader would make the stacks of all threads executable.
        header(file, 2, PT_GNU_STACK, 0, 0, 16);
        file.putInt(HASH, 1); // buckets
        file.putInt(HASH + 4, 1); // symbols
        file.put(DYNAMIC, content);
        file.put(strings, names.toByteArray());
        return image;
    }

    private static void header(ByteBuffer file, int index, int type, long offset, long size, long align) {
        file.position(PROGRAM_HEADERS + 56 * index);
        file.putInt(type).putInt(READ_WRITE);
        file.putLong(offset).putLong(offset).putLong(offset); // in the file, in memory, unused
        file.putLong(size).putLong(size).putLong(align);
    }
}
