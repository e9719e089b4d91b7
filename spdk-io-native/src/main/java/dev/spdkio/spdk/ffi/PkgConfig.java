// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One of the files that describe a library for pkg-config. What a program needs that is linked statically
 * ({@code Libs.private}) counts too: up to v25.05 SPDK names the libraries of the system only there, and its own are
 * not linked to all of them.
 *
 * @param requires the names of the packages that it needs
 * @param folders where to look for libraries ({@code -L})
 * @param libraries their names ({@code -l}), without "lib"
 */
record PkgConfig(List<String> requires, List<Path> folders, List<String> libraries) {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");
    private static final Pattern COMPARISON = Pattern.compile("(<|<=|=|>=|>|!=)\\s*\\S+");

    /** The package from the first of the folders that has it, or null. */
    static @Nullable PkgConfig find(String name, List<Path> folders) {
        for (Path folder : folders) {
            Path file = folder.resolve(name + ".pc");
            try {
                return parse(Files.readAllLines(file, StandardCharsets.UTF_8), folder);
            } catch (IOException e) {
                // not in this folder
            }
        }
        return null;
    }

    /** Reads the lines of a file in the folder, which is the variable {@code pcfiledir}. */
    static PkgConfig parse(List<String> lines, Path folder) {
        Map<String, String> variables = new HashMap<>(Map.of("pcfiledir", folder.toString()));
        List<String> requires = new ArrayList<>();
        List<Path> folders = new ArrayList<>();
        List<String> libraries = new ArrayList<>();
        for (String line : lines) {
            int end = line.indexOf(':');
            int equals = line.indexOf('=');
            if (equals > 0 && (end < 0 || equals < end)) {
                variables.put(line.substring(0, equals).strip(), expand(line.substring(equals + 1), variables));
                continue;
            }
            String value = end < 0 ? "" : expand(line.substring(end + 1), variables);
            switch (end < 0 ? "" : line.substring(0, end)) {
                case "Requires" ->
                    requires.addAll(
                            words(COMPARISON.matcher(value).replaceAll("").replace(',', ' ')));
                case "Libs", "Libs.private" -> {
                    for (String word : words(value)) {
                        if (word.startsWith("-L")) {
                            folders.add(Path.of(word.substring(2)));
                        } else if (word.startsWith("-l")) {
                            libraries.add(word.substring(2));
                        }
                    }
                }
                default -> {}
            }
        }
        return new PkgConfig(List.copyOf(requires), List.copyOf(folders), List.copyOf(libraries));
    }

    private static String expand(String value, Map<String, String> variables) {
        return VARIABLE.matcher(value.strip())
                .replaceAll(m -> Matcher.quoteReplacement(variables.getOrDefault(m.group(1), "")));
    }

    private static List<String> words(String text) {
        return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
    }
}
