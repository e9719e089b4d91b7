// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads the constants of an enum by their names in lower case.
 *
 * @param <E> the enum
 */
public abstract class Choice<E extends Enum<E>> implements ITypeConverter<E> {
    private final Class<E> type;

    /** Reads the constants of {@code type}. */
    protected Choice(Class<E> type) {
        this.type = type;
    }

    @Override
    public final E convert(String text) {
        return Arrays.stream(type.getEnumConstants())
                .filter(e -> name(e).equals(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is not one of "
                        + Arrays.stream(type.getEnumConstants())
                                .map(Choice::name)
                                .collect(Collectors.joining(", "))));
    }

    private static String name(Enum<?> e) {
        return e.name().toLowerCase(Locale.ROOT);
    }
}
