// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import dev.spdkio.spdk.SpdkUnavailableException;
import dev.spdkio.sys.Platform;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The loaded SPDK: its libraries, opened so that all see each other, and the ABI that they have.
 *
 * <p>Loaded once for the life of the JVM, at the first use; its environment is not initialised by that. Nothing of SPDK
 * is loaded before everything it needs was found: a function that is missing would end the JVM when it is called.
 *
 * <p>Thread rule: any thread.
 */
public final class LibSpdk {
    private record Attempt(
            @Nullable LibSpdk library, @Nullable Throwable cause) {
        private static final Attempt ONLY = make();

        private static Attempt make() {
            try {
                return new Attempt(load(), null);
            } catch (RuntimeException | LinkageError e) {
                return new Attempt(null, e);
            }
        }
    }

    private final Installation installation;
    private final AbiTable abi;

    private LibSpdk(Installation installation, AbiTable abi) {
        this.installation = installation;
        this.abi = abi;
    }

    /**
     * The loaded library; loads it at the first call.
     *
     * @throws SpdkUnavailableException if it cannot be loaded, at every call
     */
    public static LibSpdk get() {
        LibSpdk library = Attempt.ONLY.library();
        if (library == null) {
            throw unavailable(Attempt.ONLY.cause());
        }
        return library;
    }

    private static SpdkUnavailableException unavailable(@Nullable Throwable cause) {
        SpdkUnavailableException e = cause instanceof SpdkUnavailableException known
                ? new SpdkUnavailableException(known.summary(), known.remedy(), known.problems())
                : new SpdkUnavailableException("SPDK cannot be loaded", String.valueOf(cause), List.of());
        e.initCause(cause);
        return e;
    }

    /** Why {@link #get} throws, or null if it does not. */
    public static @Nullable Throwable unavailabilityCause() {
        return Attempt.ONLY.cause();
    }

    private static LibSpdk load() {
        if (!Platform.isNativeAvailable()) {
            throw new SpdkUnavailableException(
                    "C functions cannot be called", String.valueOf(Platform.unavailabilityCause()), List.of());
        }
        Module module = LibSpdk.class.getModule();
        if (!module.isNativeAccessEnabled()) {
            throw new SpdkUnavailableException(
                    "native access is not enabled",
                    "add --enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED")
                            + " to the java command line",
                    List.of());
        }
        LoaderPath machine = LoaderPath.of(Path.of("/"), System.getenv());
        Installation installation = Installation.find(
                System.getProperty(Installation.PROPERTY), System.getenv(Installation.VARIABLE), machine);
        return new LibSpdk(installation, open(installation, machine));
    }

    /** Loads an installation whose ABI is known, and everything it needs. */
    static AbiTable open(Installation installation, LoaderPath machine) {
        LibraryPlan plan = LibraryPlan.of(installation, machine);
        AbiTable abi = abi(installation, plan);
        List<String> problems = new ArrayList<>();
        plan.system().forEach((soname, user) -> {
            String problem = DynamicLoader.open(soname);
            if (problem != null) {
                problems.add("library " + soname + ", needed by " + user + ": " + problem);
            }
        });
        for (ElfFile library : plan.beside()) {
            String problem = DynamicLoader.open(library.path().toString());
            if (problem != null) {
                problems.add("library " + library.soname() + ": " + problem);
            }
        }
        List<String> missing = new ArrayList<>();
        plan.undefined().forEach((symbol, users) -> {
            if (DynamicLoader.find(symbol).isEmpty()) {
                missing.add("symbol " + symbol + ", needed by " + String.join(", ", users));
            }
        });
        if (!missing.isEmpty()) {
            problems.addAll(plan.notFound());
            problems.addAll(missing);
        }
        if (problems.isEmpty()) {
            String problem = DynamicLoader.openTogether(
                    plan.spdk().stream().map(ElfFile::path).toList());
            if (problem != null) {
                problems.add(problem);
            }
        }
        if (problems.isEmpty()) {
            for (String symbol : Libraries.ESSENTIAL) {
                if (DynamicLoader.find(symbol).isEmpty()) {
                    problems.add("symbol " + symbol + ", needed by this library");
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new SpdkUnavailableException(
                    "SPDK in " + installation.folder() + " (" + installation.origin() + ") cannot be loaded",
                    "install what is missing, or build SPDK again on this machine",
                    problems);
        }
        return abi;
    }

    private static AbiTable abi(Installation installation, LibraryPlan plan) {
        if (installation.fat() == null) {
            return AbiTables.ofSonames(plan.sonames());
        }
        for (ElfFile library : plan.spdk()) {
            String version = library.spdkVersion();
            if (version != null) {
                return AbiTables.ofVersion(version);
            }
        }
        throw new SpdkUnavailableException(
                installation.fat() + " (" + installation.origin() + ") carries no version of SPDK, therefore its ABI"
                        + " is unknown",
                "link all of SPDK's libraries into it",
                List.of());
    }

    /** The address of a symbol, if this release has it. */
    public Optional<MemorySegment> find(String symbol) {
        return DynamicLoader.find(symbol);
    }

    /** The address of a symbol that every supported release has. */
    public MemorySegment symbol(String symbol) {
        return find(symbol)
                .orElseThrow(() -> new IllegalStateException(
                        "SPDK " + abi.release() + " in " + installation.folder() + " has no symbol " + symbol));
    }

    /** Sizes, offsets and constants of this release. */
    public AbiTable abi() {
        return abi;
    }

    /** The libraries of SPDK that are never loaded, each with the reason. */
    public static Map<String, String> leftOut() {
        return Libraries.leftOut();
    }

    /** Where the libraries are. */
    public Path folder() {
        return installation.folder();
    }

    /** Who named that place. */
    public String origin() {
        return installation.origin();
    }
}
