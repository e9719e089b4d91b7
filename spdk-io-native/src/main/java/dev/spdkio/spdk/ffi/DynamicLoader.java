// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The C library's dynamic loader. Java's own way to load a library keeps its symbols to itself; SPDK's libraries must
 * see each other's.
 *
 * <p>Thread rule: any thread.
 */
@SuppressWarnings("restricted")
final class DynamicLoader {
    private static final int RTLD_LAZY = 1;
    private static final int RTLD_GLOBAL = 0x100;
    private static final MethodHandle DLOPEN = handle("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle DLSYM = handle("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle DLERROR = handle("dlerror", FunctionDescriptor.of(ADDRESS));

    private DynamicLoader() {}

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    /**
     * Loads a library for good, for all others to see.
     *
     * @param library a path, or a name that the loader looks for itself
     * @return what went wrong, or null
     */
    static @Nullable String open(String library) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle =
                    (MemorySegment) DLOPEN.invokeExact(arena.allocateFrom(library), RTLD_LAZY | RTLD_GLOBAL);
            if (handle.address() != 0) {
                return null;
            }
            MemorySegment why = (MemorySegment) DLERROR.invokeExact();
            return why.address() == 0
                    ? library + ": not loaded"
                    : why.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** As {@link #open}, for libraries that need each other. */
    static @Nullable String openTogether(List<Path> libraries) {
        try {
            Path bundle = Files.createTempFile("spdkio", ".so");
            try {
                Files.write(bundle, ElfBundle.of(libraries));
                return open(bundle.toString());
            } finally {
                Files.delete(bundle);
            }
        } catch (IOException e) {
            return "no temporary file for loading: " + e;
        }
    }

    /** The address of a symbol of any loaded library. */
    static Optional<MemorySegment> find(String symbol) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = (MemorySegment) DLSYM.invokeExact(MemorySegment.NULL, arena.allocateFrom(symbol));
            return address.address() == 0 ? Optional.empty() : Optional.of(address);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
