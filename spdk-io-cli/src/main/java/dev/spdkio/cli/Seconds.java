// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.math.BigDecimal;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations in seconds, whole or not: {@code 10}, {@code 0.5}. */
public final class Seconds implements ITypeConverter<Duration> {
    private static final BigDecimal MAX =
            BigDecimal.valueOf(Duration.ofDays(3650).toSeconds());

    @Override
    public Duration convert(String text) {
        try {
            BigDecimal seconds = new BigDecimal(text.strip());
            if (seconds.signum() >= 0 && seconds.compareTo(MAX) <= 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValue());
            }
        } catch (NumberFormatException e) {
            // falls through to the one message
        }
        throw new TypeConversionException("'" + text + "' is not a time: write seconds as 10 or 0.5");
    }
}
