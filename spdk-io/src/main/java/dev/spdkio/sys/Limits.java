// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The resource limits of this process ({@code getrlimit(2)}), read from {@code /proc/self/limits} and therefore without
 * native access.
 *
 * <p>Thread rule: callable from any thread and on any operating system; where there is no {@code /proc}, everything is
 * unlimited. Each call reads the current value.
 */
public final class Limits {
    /** What {@link Limit#soft()} and {@link Limit#hard()} answer where there is no limit. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    private static final Path PROC_LIMITS = Path.of("/proc/self/limits");

    private Limits() {}

    /**
     * One limit.
     *
     * @param name the name of {@code getrlimit(2)}, such as {@code RLIMIT_MEMLOCK}
     * @param unit {@code bytes} or {@code files}
     * @param soft what the kernel enforces, or {@link #UNLIMITED}
     * @param hard up to where the process may raise the soft limit, or {@link #UNLIMITED}
     */
    public record Limit(String name, String unit, long soft, long hard) {
        @Override
        public String toString() {
            return name + " " + text(soft) + " " + unit + " (hard limit " + text(hard) + ")";
        }

        private static String text(long value) {
            return value == UNLIMITED ? "unlimited" : Long.toString(value);
        }
    }

    /** How many bytes an unprivileged process may lock in memory: registered buffers, and rings before Linux 5.12. */
    public static Limit memlock() {
        return read("RLIMIT_MEMLOCK", "bytes", "Max locked memory");
    }

    /** How many descriptors the process may have open, and how many slots a registered-files table may have. */
    public static Limit openFiles() {
        return read("RLIMIT_NOFILE", "files", "Max open files");
    }

    /** How much address space the process may map, in bytes. */
    public static Limit addressSpace() {
        return read("RLIMIT_AS", "bytes", "Max address space");
    }

    private static Limit read(String name, String unit, String label) {
        try {
            return parse(Files.readAllLines(PROC_LIMITS), name, unit, label);
        } catch (IOException e) {
            return new Limit(name, unit, UNLIMITED, UNLIMITED);
        }
    }

    /** Parses lines such as {@code Max locked memory  8388608  unlimited  bytes}. */
    static Limit parse(List<String> lines, String name, String unit, String label) {
        Pattern pattern = Pattern.compile(Pattern.quote(label) + "\\s+(\\S+)\\s+(\\S+).*");
        for (String line : lines) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.matches()) {
                return new Limit(name, unit, number(matcher.group(1)), number(matcher.group(2)));
            }
        }
        return new Limit(name, unit, UNLIMITED, UNLIMITED);
    }

    private static long number(String text) {
        return text.equals("unlimited") ? UNLIMITED : Long.parseLong(text);
    }
}
