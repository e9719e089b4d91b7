// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import java.io.IOException;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The types of this project by their simple names, and which of the names in a text are theirs. */
final class SourceNames {
    /** A type, perhaps with members behind it: {@code SpdkThread.Builder}, {@code SpdkThread.send(…)}. */
    private static final Pattern NAME =
            Pattern.compile("([A-Z][A-Z0-9]*[a-z]\\w*)((?:\\.\\w+)*)(?:\\([^)]*\\))?(?:<[^>]*>)?");

    private static final List<String> JDK = List.of(
            "java.lang.",
            "java.lang.foreign.",
            "java.io.",
            "java.nio.",
            "java.nio.channels.",
            "java.nio.file.",
            "java.time.",
            "java.util.",
            "java.util.concurrent.",
            "java.util.concurrent.Flow$",
            "java.util.function.",
            "jdk.jfr.");

    private final Path root;
    private final Map<String, Path> files = new HashMap<>();

    private SourceNames(Path root) {
        this.root = root;
    }

    /** The types of all modules below the root of the project, those of tests too. */
    static SourceNames of(Path root) throws IOException {
        SourceNames names = new SourceNames(root);
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.sorted().toList()) {
                names.add(module.resolve("src/test/java"));
                names.add(module.resolve("src/main/java"));
            }
        }
        return names;
    }

    private void add(Path sources) throws IOException {
        if (Files.isDirectory(sources)) {
            try (Stream<Path> found = Files.walk(sources)) {
                found.filter(f -> f.toString().endsWith(".java"))
                        .forEach(f -> files.put(f.getFileName().toString().replace(".java", ""), f));
            }
        }
    }

    /** Whether a text has the form of a type, with or without members. */
    static boolean looksLikeType(String text) {
        return NAME.matcher(text).matches();
    }

    /** The class of a type of this project that the examples can see, or null. */
    Class<?> type(String simpleName) {
        Path file = files.get(simpleName);
        return file == null ? null : load(className(file));
    }

    /** Whether it is a type of this project, with members that are there. */
    boolean isOurs(String text) {
        var m = NAME.matcher(text);
        if (!m.matches()) {
            return false;
        }
        Path file = files.get(m.group(1));
        return file != null && hasMembers(file, members(m.group(2)));
    }

    /** Whether it is a type of the JDK, with members that are there. */
    static boolean isOfJdk(String text) {
        var m = NAME.matcher(text);
        return m.matches()
                && JDK.stream()
                        .map(p -> load(p + m.group(1)))
                        .anyMatch(t -> t != null && hasMembers(t, members(m.group(2))));
    }

    private static List<String> members(String dotted) {
        return dotted.isEmpty() ? List.of() : List.of(dotted.substring(1).split("\\."));
    }

    private boolean hasMembers(Path file, List<String> members) {
        Class<?> type = load(className(file));
        if (type != null) {
            return hasMembers(type, members);
        }
        // A module that the examples do not depend on: its source must do.
        try {
            String source = Files.readString(file).replaceAll("(?s)/\\*.*?\\*/|//[^\\n]*", "");
            return members.stream()
                    .allMatch(member -> Pattern.compile("\\b" + member + "\\b")
                            .matcher(source)
                            .find());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String className(Path file) {
        Path inModule = root.relativize(file);
        String path = inModule.subpath(4, inModule.getNameCount()).toString();
        return path.replace(".java", "").replace('/', '.');
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, SourceNames.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static boolean hasMembers(Class<?> type, List<String> members) {
        Class<?> at = type;
        for (int i = 0; i < members.size(); i++) {
            String member = members.get(i);
            Class<?> nested = nested(at, member);
            if (nested == null) {
                return i == members.size() - 1 && memberNames(at).contains(member);
            }
            at = nested;
        }
        return true;
    }

    private static Class<?> nested(Class<?> type, String name) {
        return Arrays.stream(type.getClasses())
                .filter(c -> c.getSimpleName().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static Set<String> memberNames(Class<?> type) {
        List<Member> members = new ArrayList<>(List.of(type.getMethods()));
        members.addAll(List.of(type.getFields()));
        for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            members.addAll(List.of(c.getDeclaredMethods()));
        }
        Set<String> names = new HashSet<>();
        members.stream()
                .filter(m -> (m.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0)
                .forEach(m -> names.add(m.getName()));
        return names;
    }
}
