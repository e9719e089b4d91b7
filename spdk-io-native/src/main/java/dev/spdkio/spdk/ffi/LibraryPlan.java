// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What to load, and in which order. Made from files alone; nothing is loaded by it.
 *
 * <p>SPDK's own files for pkg-config say <em>which</em> libraries belong together, since several are not linked to what
 * they call. They require each other in circles, therefore the libraries themselves say in which <em>order</em>.
 *
 * @param system the names of what the dynamic loader finds itself, each with who needs it
 * @param beside what SPDK's build brings along, such as DPDK, each after what it needs
 * @param spdk SPDK's own libraries, each after what it needs
 * @param notFound what SPDK's files name and the machine does not have, each a sentence
 */
record LibraryPlan(Map<String, String> system, List<ElfFile> beside, List<ElfFile> spdk, List<String> notFound) {

    /** Everything that SPDK's own libraries call and none of them has, each with the libraries that call it. */
    Map<String, Set<String>> undefined() {
        Set<String> defined = new HashSet<>();
        spdk.forEach(library -> defined.addAll(library.defined()));
        Map<String, Set<String>> undefined = new TreeMap<>();
        for (ElfFile library : spdk) {
            for (String symbol : library.undefined()) {
                if (!defined.contains(symbol)) {
                    undefined
                            .computeIfAbsent(symbol, s -> new LinkedHashSet<>())
                            .add(library.soname());
                }
            }
        }
        return undefined;
    }

    /** The sonames of SPDK's own libraries, such as {@code libspdk_bdev.so.20.0} of {@code spdk_bdev}. */
    Map<String, String> sonames() {
        Map<String, String> sonames = new TreeMap<>();
        for (ElfFile library : spdk) {
            int end = library.soname().indexOf(".so");
            if (library.soname().startsWith("lib") && end > 0) {
                sonames.put(library.soname().substring(3, end), library.soname());
            }
        }
        return sonames;
    }

    /** Plans an installation. */
    static LibraryPlan of(Installation installation, LoaderPath machine) {
        return new Planner(installation, machine).plan();
    }

    private static final class Planner {
        private final Installation installation;
        private final LoaderPath machine;
        /** Where libraries may be that the loader does not know. */
        private final Set<Path> folders = new LinkedHashSet<>();

        private final Set<String> seen = new HashSet<>();
        private final Set<String> names = new LinkedHashSet<>();
        private final Map<String, ElfFile> found = new LinkedHashMap<>();
        private final Map<String, ElfFile> ordered = new LinkedHashMap<>();
        private final Map<String, String> system = new LinkedHashMap<>();
        private final List<String> notFound = new ArrayList<>();

        Planner(Installation installation, LoaderPath machine) {
            this.installation = installation;
            this.machine = machine;
            folders.add(installation.folder());
        }

        LibraryPlan plan() {
            Path fat = installation.fat();
            if (fat == null) {
                Libraries.ROOTS.forEach(this::visit);
                names.forEach(this::resolve);
            } else {
                add(fat);
            }
            for (ElfFile library : List.copyOf(found.values())) {
                order(library);
            }
            List<ElfFile> spdk = ordered.values().stream().filter(this::isSpdk).toList();
            List<ElfFile> beside = ordered.values().stream()
                    .filter(library -> !isSpdk(library))
                    .toList();
            return new LibraryPlan(system, beside, spdk, notFound);
        }

        private boolean isSpdk(ElfFile library) {
            return library.path().equals(installation.fat())
                    || library.path().getFileName().toString().startsWith("libspdk");
        }

        /** Collects the names of a package and of what it requires. */
        private void visit(String name) {
            if (Libraries.leftOut().containsKey(name) || !seen.add(name)) {
                return;
            }
            PkgConfig file = PkgConfig.find(name, installation.packages());
            if (file == null) {
                withoutPackage(name);
                return;
            }
            folders.addAll(file.folders());
            file.requires().forEach(this::visit);
            names.addAll(file.libraries());
        }

        private void withoutPackage(String name) {
            List<String> family = Libraries.FAMILIES.get(name);
            if (family == null) {
                names.add(name);
                return;
            }
            for (String pattern : family) {
                LoaderPath.list(installation.folder(), pattern).forEach(this::add);
            }
        }

        private void resolve(String name) {
            for (Path folder : folders) {
                if (addFirst(folder, name)) {
                    return;
                }
            }
            for (Path folder : machine.libraries()) {
                ElfFile library = first(folder, name);
                if (library != null) {
                    system.putIfAbsent(library.soname(), "SPDK");
                    return;
                }
            }
            notFound.add("library lib" + name + ".so, named by SPDK's files: " + whyNot(name));
        }

        private String whyNot(String name) {
            Path archive = Path.of("lib" + name + ".a");
            for (Path folder : folders) {
                if (Files.exists(folder.resolve(archive))) {
                    return "there is only " + folder.resolve(archive)
                            + ", and a JVM loads no static library: make a shared one of it (docs/spdk.md)";
                }
            }
            return "not found";
        }

        private boolean addFirst(Path folder, String name) {
            ElfFile library = first(folder, name);
            if (library == null) {
                return false;
            }
            found.putIfAbsent(library.soname(), library);
            return true;
        }

        /** The library of that name in a folder, or one of its versions: the plain name may be missing or a script. */
        private static @Nullable ElfFile first(Path folder, String name) {
            for (Path file : LoaderPath.list(folder, "lib" + name + ".so*")) {
                String rest = file.getFileName().toString().substring(("lib" + name).length());
                ElfFile library = rest.matches("\\.so(\\.\\d+)*") ? ElfFile.read(file) : null;
                if (library != null) {
                    return library;
                }
            }
            return null;
        }

        private void add(Path file) {
            ElfFile library = ElfFile.read(file);
            if (library != null && !Libraries.leftOut().containsKey(packageOf(library))) {
                found.putIfAbsent(library.soname(), library);
            }
        }

        private static String packageOf(ElfFile library) {
            String name = library.path().getFileName().toString();
            return name.substring(3, name.indexOf(".so"));
        }

        private void order(ElfFile library) {
            if (!seen.add(library.soname())) {
                return;
            }
            for (String needed : library.needed()) {
                ElfFile other = found.get(needed);
                if (other == null) {
                    other = inFolders(needed, folders);
                }
                if (other != null) {
                    order(other);
                } else {
                    system.putIfAbsent(needed, library.soname());
                }
            }
            ordered.put(library.soname(), library);
        }

        private static @Nullable ElfFile inFolders(String soname, Collection<Path> folders) {
            for (Path folder : folders) {
                ElfFile library = ElfFile.read(folder.resolve(soname));
                if (library != null) {
                    return library;
                }
            }
            return null;
        }
    }
}
