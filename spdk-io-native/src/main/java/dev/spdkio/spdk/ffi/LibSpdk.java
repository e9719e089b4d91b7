// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The loaded SPDK: its libraries, opened with global visibility so that their constructors find each other.
 *
 * <p>Loaded once for the life of the JVM, at the first use. Thread rule: any thread.
 */
@SuppressWarnings("restricted")
public final class LibSpdk {
    private static final int RTLD_LAZY = 1;
    private static final int RTLD_GLOBAL = 0x100;

    private static final List<String> ROOTS = List.of(
            "spdk_dpdklibs",
            "spdk_env_dpdk",
            "spdk_event_iobuf",
            "spdk_event_sock",
            "spdk_sock_modules",
            "spdk_event_accel",
            "spdk_accel_modules",
            "spdk_event_keyring",
            "spdk_keyring_modules",
            "spdk_event_vmd",
            "spdk_event_bdev",
            "spdk_bdev_modules",
            "spdk_event_nvmf",
            "spdk_blob_bdev",
            "spdk_nvme",
            "spdk_init",
            "spdk_rpc");

    private static final class Holder {
        static final LibSpdk INSTANCE = new LibSpdk();
    }

    private final MethodHandle dlsym;

    private LibSpdk() {
        Linker linker = Linker.nativeLinker();
        MethodHandle dlopen = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("dlopen"), FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        MethodHandle dlerror =
                linker.downcallHandle(linker.defaultLookup().findOrThrow("dlerror"), FunctionDescriptor.of(ADDRESS));
        dlsym = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("dlsym"), FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
        String home = System.getenv("SPDK_HOME");
        if (home == null) {
            throw new IllegalStateException("SPDK_HOME is not set");
        }
        Path lib = Path.of(home, "build/lib");
        Set<String> done = new LinkedHashSet<>();
        Map<String, Path> order = new LinkedHashMap<>();
        List<Path> dirs = new ArrayList<>(List.of(lib));
        try {
            visit(lib, "spdk_syslibs", done, order, dirs);
            for (String root : ROOTS) {
                visit(lib, root, done, order, dirs);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Arena arena = Arena.ofConfined()) {
            for (Path p : order.values()) {
                MemorySegment handle =
                        (MemorySegment) dlopen.invokeExact(arena.allocateFrom(p.toString()), RTLD_LAZY | RTLD_GLOBAL);
                if (handle.address() == 0) {
                    MemorySegment why = (MemorySegment) dlerror.invokeExact();
                    throw new IllegalStateException(
                            p + ": " + why.reinterpret(Long.MAX_VALUE).getString(0));
                }
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static void visit(Path lib, String pkg, Set<String> done, Map<String, Path> order, List<Path> dirs)
            throws IOException {
        if (!done.add(pkg)) {
            return;
        }
        Path pc = lib.resolve("pkgconfig").resolve(pkg + ".pc");
        if (!Files.exists(pc)) {
            return;
        }
        String libs = "";
        for (String line : Files.readAllLines(pc)) {
            if (line.startsWith("Requires:")) {
                for (String r : line.substring(9).trim().split("\\s+")) {
                    if (!r.isEmpty()) {
                        visit(lib, r, done, order, dirs);
                    }
                }
            } else if (line.startsWith("Libs:")) {
                libs = line.substring(5);
            }
        }
        for (String token : libs.trim().split("\\s+")) {
            if (token.startsWith("-L")) {
                dirs.add(Path.of(token.substring(2)));
            } else if (token.startsWith("-l")) {
                Path p = find(token.substring(2), dirs);
                if (p != null) {
                    order.putIfAbsent(token, p);
                }
            }
        }
    }

    private static @Nullable Path find(String name, List<Path> dirs) {
        for (Path d : dirs) {
            Path p = d.resolve("lib" + name + ".so");
            if (Files.exists(p)) {
                return p;
            }
        }
        return null;
    }

    /** The loaded library; loads it at the first call. */
    public static LibSpdk get() {
        return Holder.INSTANCE;
    }

    /** The address of a symbol, if this release has it. */
    public Optional<MemorySegment> find(String symbol) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment s = (MemorySegment) dlsym.invokeExact(MemorySegment.NULL, arena.allocateFrom(symbol));
            return s.address() == 0 ? Optional.empty() : Optional.of(s);
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    /** The address of a symbol that every supported release has. */
    public MemorySegment symbol(String symbol) {
        return find(symbol).orElseThrow(() -> new IllegalStateException("libspdk has no symbol " + symbol));
    }
}
