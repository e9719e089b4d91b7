// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import dev.spdkio.sys.Platform;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The machine's folders of libraries and of files for pkg-config, in the order of the tools that own them.
 *
 * @param libraries where the dynamic loader looks
 * @param packages where pkg-config looks
 */
record LoaderPath(List<Path> libraries, List<Path> packages) {
    private static final String MULTIARCH =
            Platform.arch().equals("aarch64") ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    private static final List<String> LIBRARY_FOLDERS = List.of(
            "usr/local/lib",
            "usr/local/lib64",
            "usr/local/lib/" + MULTIARCH,
            "lib64",
            "lib",
            "usr/lib64",
            "usr/lib",
            "lib/" + MULTIARCH,
            "usr/lib/" + MULTIARCH);

    /**
     * The folders of a machine.
     *
     * @param root the root of its file system; a test gives another
     * @param environment for LD_LIBRARY_PATH and PKG_CONFIG_PATH
     */
    static LoaderPath of(Path root, Map<String, String> environment) {
        Set<Path> libraries = new LinkedHashSet<>(split(environment.getOrDefault("LD_LIBRARY_PATH", "")));
        for (Path file : list(root.resolve("etc/ld.so.conf.d"))) {
            libraries.addAll(configured(root, file));
        }
        libraries.addAll(configured(root, root.resolve("etc/ld.so.conf")));
        Set<Path> packages = new LinkedHashSet<>(split(environment.getOrDefault("PKG_CONFIG_PATH", "")));
        for (String folder : LIBRARY_FOLDERS) {
            libraries.add(root.resolve(folder));
            packages.add(root.resolve(folder).resolve("pkgconfig"));
        }
        packages.add(root.resolve("usr/local/share/pkgconfig"));
        packages.add(root.resolve("usr/share/pkgconfig"));
        return new LoaderPath(List.copyOf(libraries), List.copyOf(packages));
    }

    private static List<Path> split(String path) {
        List<Path> folders = new ArrayList<>();
        for (String folder : path.split(":")) {
            if (!folder.isBlank()) {
                folders.add(Path.of(folder));
            }
        }
        return folders;
    }

    /** The folders that a file of the loader's configuration names. */
    private static List<Path> configured(Path root, Path file) {
        List<Path> folders = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith("/")) {
                    folders.add(root.resolve(line.strip().substring(1)));
                }
            }
        } catch (IOException e) {
            // a file that is not there names none
        }
        return folders;
    }

    /** The files of a folder that match, by name; none where there is no such folder. */
    static List<Path> list(Path folder, String pattern) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
            entries.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        Collections.sort(found);
        return found;
    }

    private static List<Path> list(Path folder) {
        return list(folder, "*.conf");
    }
}
