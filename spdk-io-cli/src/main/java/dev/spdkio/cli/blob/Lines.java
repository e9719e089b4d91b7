// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A result for people: a member a line. */
final class Lines {
    private static final int NAME_WIDTH = 18;

    private Lines() {}

    static void print(PrintWriter out, Map<?, ?> result) {
        result.forEach((name, value) -> print(out, String.valueOf(name).replace('_', ' '), value));
    }

    private static void print(PrintWriter out, String name, Object value) {
        if (value instanceof Map<?, ?> members) {
            members.forEach((member, inner) -> print(out, name + " " + member, inner));
        } else {
            out.println(pad(name, NAME_WIDTH) + " " + text(value));
        }
    }

    private static String text(Object value) {
        return value instanceof Collection<?> several
                ? several.stream().map(String::valueOf).collect(Collectors.joining(" "))
                : value instanceof Boolean b ? (b ? "yes" : "no") : String.valueOf(value);
    }

    /** A member of a result that is a number. */
    static long number(Map<?, ?> of, String name) {
        return of.get(name) instanceof Number n ? n.longValue() : 0;
    }

    /** A member of a result that is a list of results. */
    static List<Map<?, ?>> several(Map<?, ?> of, String name) {
        List<Map<?, ?>> all = new ArrayList<>();
        if (of.get(name) instanceof Collection<?> members) {
            for (Object member : members) {
                if (member instanceof Map<?, ?> m) {
                    all.add(m);
                }
            }
        }
        return all;
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
