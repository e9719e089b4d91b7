// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import dev.spdkio.spdk.SpdkUnavailableException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an SPDK is.
 *
 * @param origin who named the place
 * @param folder the folder of the libraries
 * @param fat the one library that holds everything, or null for a folder of many
 * @param packages where to look for files for pkg-config, SPDK's own first
 */
record Installation(String origin, Path folder, @Nullable Path fat, List<Path> packages) {
    /** The system property that names a place: a source tree, an installation's prefix, a folder or a library. */
    static final String PROPERTY = "dev.spdkio.spdk.home";

    /** The environment variable that does the same. */
    static final String VARIABLE = "SPDK_HOME";

    /** One of SPDK's libraries that every installation has. */
    private static final String LANDMARK = "libspdk_env_dpdk";

    private static final String REMEDY = "build SPDK with shared libraries (./configure --with-shared && make) and let"
            + " the system property " + PROPERTY + " or the environment variable " + VARIABLE + " name its folder, or"
            + " install it and run ldconfig";

    /**
     * Finds an SPDK. Who names a place means that place: nothing else is tried then.
     *
     * @param property the value of {@link #PROPERTY}, or null
     * @param variable the value of {@link #VARIABLE}, or null
     * @throws SpdkUnavailableException if there is none, naming the places
     */
    static Installation find(@Nullable String property, @Nullable String variable, LoaderPath machine) {
        if (variable != null && !variable.isBlank()) {
            return named("environment variable " + VARIABLE, Path.of(variable), machine);
        }
        if (property != null && !property.isBlank()) {
            return named("system property " + PROPERTY, Path.of(property), machine);
        }
        PkgConfig own = PkgConfig.find("spdk_env_dpdk", machine.packages());
        if (own != null) {
            for (Path folder : own.folders()) {
                Installation found = inFolder("pkg-config", folder, machine);
                if (found != null) {
                    return found;
                }
            }
        }
        for (Path folder : machine.libraries()) {
            Installation found = inFolder("the loader's path", folder, machine);
            if (found != null) {
                return found;
            }
        }
        throw new SpdkUnavailableException(
                "there is no SPDK: the system property " + PROPERTY + " and the environment variable " + VARIABLE
                        + " are not set, pkg-config knows no spdk_env_dpdk, and the loader's path has no " + LANDMARK
                        + ".so",
                REMEDY,
                List.of());
    }

    private static Installation named(String origin, Path place, LoaderPath machine) {
        if (Files.isRegularFile(place)) {
            if (ElfFile.read(place) == null) {
                throw new SpdkUnavailableException(
                        place + " (" + origin + ") is no shared library for this CPU", REMEDY, List.of());
            }
            return at(origin, parent(place), place, machine);
        }
        List<Path> folders = candidates(place);
        for (Path folder : folders) {
            Installation found = inFolder(origin, folder, machine);
            if (found != null) {
                return found;
            }
        }
        for (Path folder : folders) {
            if (!LoaderPath.list(folder, LANDMARK + ".a").isEmpty()) {
                throw new SpdkUnavailableException(
                        folder + " (" + origin + ") has static libraries only", REMEDY, List.of());
            }
        }
        throw new SpdkUnavailableException(
                place + " (" + origin + ") holds no SPDK: no " + LANDMARK + ".so in " + folders, REMEDY, List.of());
    }

    private static List<Path> candidates(Path place) {
        List<Path> folders = new ArrayList<>();
        for (String folder : List.of("build/lib", "lib", "lib64")) {
            folders.add(place.resolve(folder));
        }
        folders.addAll(LoaderPath.list(place.resolve("lib"), "*-linux-gnu"));
        folders.add(place);
        return folders;
    }

    private static @Nullable Installation inFolder(String origin, Path folder, LoaderPath machine) {
        if (!LoaderPath.list(folder, LANDMARK + ".so*").isEmpty()) {
            return at(origin, folder, null, machine);
        }
        for (Path fat : LoaderPath.list(folder, "libspdk.so*")) {
            if (ElfFile.read(fat) != null) {
                return at(origin, folder, fat, machine);
            }
        }
        return null;
    }

    private static Installation at(String origin, Path folder, @Nullable Path fat, LoaderPath machine) {
        Path absolute = folder.toAbsolutePath().normalize();
        List<Path> packages = new ArrayList<>();
        packages.add(absolute.resolve("pkgconfig"));
        packages.add(parent(absolute).resolve("share/pkgconfig"));
        packages.addAll(machine.packages());
        return new Installation(origin, absolute, fat == null ? null : fat.toAbsolutePath(), List.copyOf(packages));
    }

    private static Path parent(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        return parent == null ? path : parent;
    }
}
