// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks for libspdk where the SPDK engine will look for it. Loads nothing. */
final class LibspdkCheck {
    private static final String REMEDY =
            "only for the SPDK engine: build SPDK (./configure --with-shared && make) and set"
                    + " SPDK_HOME to its folder, or install it and run ldconfig";

    private final SysFiles sys;
    private final Map<String, String> environment;

    LibspdkCheck(Path root, Map<String, String> environment) {
        this.sys = new SysFiles(root);
        this.environment = environment;
    }

    Check check() {
        Set<Path> folders = new LinkedHashSet<>();
        String home = environment.getOrDefault("SPDK_HOME", "");
        if (!home.isEmpty()) {
            for (String lib : List.of("build/lib", "lib", "lib64")) {
                folders.add(Path.of(home, lib));
            }
        }
        addPath(folders, environment.getOrDefault("LD_LIBRARY_PATH", ""), "");
        addPath(folders, environment.getOrDefault("PKG_CONFIG_PATH", ""), "..");
        for (String folder : List.of(
                "usr/local/lib", "usr/local/lib64", "usr/lib", "usr/lib64", "usr/lib/" + multiarch(), "opt/spdk/lib")) {
            folders.add(sys.path(folder));
        }
        ldConfig(folders);
        for (Path folder : folders) {
            int libraries = count(folder, "libspdk*.so*");
            if (libraries > 0) {
                return Check.ok("libspdk", folder + version(folder));
            }
        }
        for (Path folder : folders) {
            if (count(folder, "libspdk*.a") > 0) {
                return Check.warn(
                        "libspdk",
                        folder + " has static libraries only",
                        "the JVM loads shared ones: ./configure --with-shared && make");
            }
        }
        return Check.missing(
                "libspdk",
                home.isEmpty() ? "not found; SPDK_HOME is not set" : "not found, nor below SPDK_HOME (" + home + ")",
                REMEDY);
    }

    private static void addPath(Set<Path> folders, String path, String relative) {
        for (String folder : path.split(":")) {
            if (!folder.isEmpty()) {
                folders.add(Path.of(folder).resolve(relative).normalize());
            }
        }
    }

    /** The folders that ld.so.conf names, without the patterns of what it includes. */
    private void ldConfig(Set<Path> folders) {
        List<Path> files = new ArrayList<>(sys.list("etc/ld.so.conf.d"));
        files.add(sys.path("etc/ld.so.conf"));
        for (Path file : files) {
            for (String line : SysFiles.text(file).split("\\R")) {
                if (line.startsWith("/")) {
                    folders.add(sys.path(line.strip().substring(1)));
                }
            }
        }
    }

    /** What spdk_env_dpdk.pc or another of SPDK's files for pkg-config says. */
    private static String version(Path folder) {
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(folder.resolve("pkgconfig"), "spdk_{env_dpdk,bdev,thread}.pc")) {
            for (Path file : files) {
                for (String line : SysFiles.text(file).split("\\R")) {
                    if (line.startsWith("Version:")) {
                        return ", version" + line.substring("Version:".length());
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // no such folder: no version
        }
        return "";
    }

    private static int count(Path folder, String pattern) {
        int n = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
            for (Path ignored : files) {
                n++;
            }
        } catch (IOException | DirectoryIteratorException e) {
            return 0;
        }
        return n;
    }

    private static String multiarch() {
        return System.getProperty("os.arch").equals("aarch64") ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
    }
}
