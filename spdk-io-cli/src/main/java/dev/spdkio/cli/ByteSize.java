// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: {@code 4096}, {@code 4k}, {@code 64M}, {@code 1G}; the units are powers of 1024. */
public final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,19})([kmgt]?)(i?b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGT";

    @Override
    public Long convert(String text) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /**
     * The number of bytes.
     *
     * @throws IllegalArgumentException naming the allowed form
     */
    public static long parse(String text) {
        Matcher m = FORM.matcher(text.strip());
        if (!m.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size: write it as 4096, 4k, 64M or 1G");
        }
        int unit = m.group(2).isEmpty() ? 0 : UNITS.indexOf(m.group(2).toUpperCase(Locale.ROOT)) + 1;
        try {
            return Math.multiplyExact(Long.parseLong(m.group(1)), 1L << (10 * unit));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is more than the largest size, 8388607T", e);
        }
    }

    /** Exact where a unit fits, such as {@code 64M}; else rounded, such as {@code 1.5M}. */
    public static String format(long bytes) {
        if (bytes < 1024) {
            return Long.toString(bytes);
        }
        int unit = Math.min(UNITS.length(), (63 - Long.numberOfLeadingZeros(bytes)) / 10);
        long one = 1L << (10 * unit);
        return bytes % one == 0
                ? bytes / one + UNITS.substring(unit - 1, unit)
                : String.format(Locale.ROOT, "%.1f%s", (double) bytes / one, UNITS.substring(unit - 1, unit));
    }
}
