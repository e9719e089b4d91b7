// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Random scripts on the JDK's file system and on ours: each operation ends in the same way, and so does the whole. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the file system of Windows has other rules")
class NioDifferentialTest {
    private static final List<String> NAMES = List.of("a", "b", "a/a", "a/b", "b/a", "a/a/a", "c", "");
    private static final int OPERATIONS = 1500;

    /** Something done to a directory, and how it ended. */
    private interface Operation {
        Object apply(Path root) throws IOException;
    }

    @Test
    void scriptsEndAlikeOnMalloc(@TempDir Path jdk) throws Exception {
        try (NioBed bed = new NioBed(null)) {
            for (long seed = 1; seed <= 6; seed++) {
                compare(
                        Files.createDirectory(jdk.resolve("s" + seed)),
                        bed.root().resolve("s" + seed),
                        seed);
            }
        }
    }

    @Test
    void scriptsEndAlikeOnAFile(@TempDir Path jdk, @TempDir(factory = DiskTempDir.class) Path device) throws Exception {
        try (NioBed bed = new NioBed(device)) {
            compare(Files.createDirectory(jdk.resolve("s")), bed.root().resolve("s"), 100);
        }
    }

    private static void compare(Path jdk, Path ours, long seed) throws Exception {
        Files.createDirectory(ours);
        Random random = new Random(seed);
        List<String> script = new ArrayList<>();
        for (int i = 0; i < OPERATIONS; i++) {
            long choice = random.nextLong();
            Operation expectedOf = choose(new Random(choice), jdk, script);
            if (expectedOf == null) {
                continue;
            }
            String expected = outcome(expectedOf, jdk);
            String actual = outcome(choose(new Random(choice), jdk, new ArrayList<>()), ours);
            String last = script.getLast();
            assertThat(actual)
                    .as(
                            "seed %d, operation %d, %s, after %s",
                            seed, i, last, script.reversed().stream().limit(8).toList())
                    .isEqualTo(expected);
            if (i % 100 == 0) {
                assertThat(tree(ours))
                        .as("seed %d, after operation %d", seed, i)
                        .isEqualTo(tree(jdk));
            }
        }
        assertThat(tree(ours)).isEqualTo(tree(jdk));
    }

    private static String outcome(Operation operation, Path root) {
        try {
            return String.valueOf(operation.apply(root));
        } catch (FileSystemException e) {
            // Some things the JDK says in one way or the other, as Linux does.
            return e.getClass() != FileSystemException.class
                    ? e.getClass().getSimpleName()
                    : switch (String.valueOf(e.getReason())) {
                        case "Not a directory" -> "NoSuchFileException";
                        case "Directory not empty", "Is a directory" -> "DirectoryNotEmptyException";
                        default -> e.getReason();
                    };
        } catch (IOException | RuntimeException e) {
            return e.getClass().getSimpleName();
        }
    }

    private static TreeMap<String, String> tree(Path root) throws IOException {
        TreeMap<String, String> all = new TreeMap<>();
        try (Stream<Path> found = Files.walk(root)) {
            for (Path p : found.toList()) {
                String name = root.relativize(p).toString();
                all.put(name, Files.isDirectory(p) ? "directory" : Arrays.hashCode(Files.readAllBytes(p)) + "");
            }
        }
        return all;
    }

    /** Null for what is known to be different: directories with something in them are not moved. */
    private static Operation choose(Random random, Path jdk, List<String> script) throws IOException {
        String name = NAMES.get(random.nextInt(NAMES.size() - 1));
        String other = NAMES.get(random.nextInt(NAMES.size() - 1));
        int at = random.nextInt(3) == 0 ? random.nextInt(300_000) : random.nextInt(5000);
        byte[] data = new byte[random.nextInt(4) == 0 ? random.nextInt(100_000) : random.nextInt(300)];
        random.nextBytes(data);
        CopyOption[] replace =
                random.nextBoolean() ? new CopyOption[0] : new CopyOption[] {StandardCopyOption.REPLACE_EXISTING};
        CopyOption[] atomic = random.nextInt(3) == 0 ? new CopyOption[] {StandardCopyOption.ATOMIC_MOVE} : replace;
        EnumSet<StandardOpenOption> options = EnumSet.noneOf(StandardOpenOption.class);
        for (StandardOpenOption option : StandardOpenOption.values()) {
            if (random.nextInt(4) == 0 && option != StandardOpenOption.SPARSE) {
                options.add(option);
            }
        }
        int what = random.nextInt(12);
        String words = what + " " + name + " " + other + " " + at + " " + data.length + Arrays.toString(atomic);
        script.add(what == 11 ? words + options : words);
        return switch (what) {
            case 0 -> root -> Files.exists(Files.createDirectory(root.resolve(name)));
            case 1, 2 -> root -> Files.exists(Files.write(root.resolve(name), data));
            case 3 ->
                root -> {
                    Files.delete(root.resolve(name));
                    return "deleted";
                };
            case 4 -> {
                boolean full = Files.isDirectory(jdk.resolve(name)) && !isEmpty(jdk.resolve(name));
                if (full) {
                    yield null;
                }
                yield root -> root.relativize(Files.move(root.resolve(name), root.resolve(other), atomic));
            }
            case 5 -> root -> root.relativize(Files.copy(root.resolve(name), root.resolve(other), replace));
            case 6 ->
                root -> {
                    try (Stream<Path> all = Files.list(root.resolve(name))) {
                        return all.map(p -> root.relativize(p).toString())
                                .sorted()
                                .toList();
                    }
                };
            case 7 ->
                root -> {
                    try (FileChannel c = FileChannel.open(root.resolve(name), StandardOpenOption.WRITE)) {
                        return c.write(ByteBuffer.wrap(data), at) + " " + c.size();
                    }
                };
            case 8 ->
                root -> {
                    try (FileChannel c = FileChannel.open(root.resolve(name), StandardOpenOption.READ)) {
                        ByteBuffer b = ByteBuffer.allocate(data.length);
                        return c.read(b, at) + " " + Arrays.hashCode(b.array());
                    }
                };
            case 9 ->
                root -> {
                    try (FileChannel c = FileChannel.open(root.resolve(name), StandardOpenOption.WRITE)) {
                        return c.truncate(at).size();
                    }
                };
            case 10 ->
                root -> Files.isDirectory(root.resolve(name)) + " " + Files.isRegularFile(root.resolve(name)) + " "
                        + (Files.isDirectory(root.resolve(name)) ? 0 : Files.size(root.resolve(name)));
            default -> root -> use(root.resolve(name), options, data);
        };
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.findAny().isEmpty();
        }
    }

    /** Whatever the options allow. */
    private static String use(Path file, Set<StandardOpenOption> options, byte[] data) throws IOException {
        try (FileChannel c = FileChannel.open(file, options)) {
            String written;
            try {
                written = c.write(ByteBuffer.wrap(data)) + " to " + c.position();
            } catch (RuntimeException e) {
                written = e.getClass().getSimpleName();
            }
            ByteBuffer b = ByteBuffer.allocate(1000);
            try {
                return written + " read " + c.read(b, 3) + " " + Arrays.hashCode(b.array());
            } catch (RuntimeException e) {
                return written + " " + e.getClass().getSimpleName();
            }
        }
    }
}
