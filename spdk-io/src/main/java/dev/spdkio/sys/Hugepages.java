// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the kernel says about hugepages, from {@code /sys/kernel/mm} and the table of mounts.
 *
 * <p>Thread rule: callable from any thread and on any operating system; where the files are missing there are no
 * hugepages.
 */
public final class Hugepages {
    private static final Path POOLS = Path.of("/sys/kernel/mm/hugepages");
    private static final Path POOL = POOLS.resolve("hugepages-2048kB");
    private static final Path TRANSPARENT = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    private static final Path MOUNTS = Path.of("/proc/self/mounts");
    private static final Pattern CHOSEN = Pattern.compile("\\[(\\w+)]");

    private Hugepages() {}

    /**
     * The pool of 2 MiB pages, in pages, and the setting for transparent ones.
     *
     * @param total how many pages the pool has ({@code nr_hugepages})
     * @param free how many of them are not in use
     * @param reserved how many of the free ones are promised to a mapping that has not touched them yet
     * @param surplus how many the kernel may have added beyond the configured number
     * @param transparent {@code always}, {@code madvise} or {@code never}
     */
    public record Info(long total, long free, long reserved, long surplus, String transparent) {
        /** How many bytes of 2 MiB pages a new mapping can get now. */
        public long availableBytes() {
            return Math.max(0, free - reserved) * NativeMemory.HUGE_PAGE_BYTES;
        }
    }

    /** Reads the current numbers. */
    public static Info info() {
        return info(POOL, TRANSPARENT);
    }

    /** Whether a page of any size is free. */
    public static boolean anyFree() {
        try (DirectoryStream<Path> pools = Files.newDirectoryStream(POOLS, "hugepages-*")) {
            for (Path pool : pools) {
                if (number(pool.resolve("free_hugepages")) > 0) {
                    return true;
                }
            }
            return false;
        } catch (IOException | DirectoryIteratorException noSuchFolder) {
            return false;
        }
    }

    /** Whether a hugetlbfs is mounted, where hugepages can be had as files. */
    public static boolean isMounted() {
        return isMounted(MOUNTS);
    }

    static boolean isMounted(Path mounts) {
        return text(mounts).lines().anyMatch(line -> line.contains(" hugetlbfs "));
    }

    static Info info(Path pool, Path transparent) {
        Matcher chosen = CHOSEN.matcher(text(transparent));
        return new Info(
                number(pool.resolve("nr_hugepages")),
                number(pool.resolve("free_hugepages")),
                number(pool.resolve("resv_hugepages")),
                number(pool.resolve("surplus_hugepages")),
                chosen.find() ? chosen.group(1) : "never");
    }

    private static long number(Path file) {
        String text = text(file);
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException missing) {
            return "";
        }
    }
}
