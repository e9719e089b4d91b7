// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import dev.spdkio.sys.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Our own C library, where the build had a compiler for this CPU. The system property {@code dev.spdkio.spdk.ring}
 * switches it off with {@code off}; everything works as well without it, at one call of SPDK an I/O.
 *
 * <p>Loaded at the first question, for the life of the JVM. Thread rule: any thread.
 */
@SuppressWarnings("restricted")
public final class NativeShim {
    private static final String PROPERTY = "dev.spdkio.spdk.ring";
    static final String RESOURCE = "/dev/spdkio/spdk/native/linux-" + Platform.arch() + "/libspdkio_ring.so";
    private static final SymbolLookup SYMBOLS =
            load(NativeShim.class.getResource(RESOURCE), System.getProperty(PROPERTY));

    /** {@code uint32_t spdkio_ring_round(struct ring *)}. */
    public static final String RING_ROUND = "spdkio_ring_round";

    private NativeShim() {}

    /** Whether it was compiled for this machine, and not switched off. */
    public static boolean isAvailable() {
        return find(RING_ROUND).isPresent();
    }

    /** The address of a function of ours, if it is there. */
    public static Optional<MemorySegment> find(String symbol) {
        return SYMBOLS.find(symbol);
    }

    /** The library at a place, or one without symbols where it is switched off or cannot be loaded. */
    static SymbolLookup load(@Nullable URL resource, @Nullable String setting) {
        if (resource == null || "off".equals(setting) || !Platform.isNativeAvailable()) {
            return symbol -> Optional.empty();
        }
        try {
            return resource.getProtocol().equals("file")
                    ? open(Path.of(URI.create(resource.toString())))
                    : extract(resource);
        } catch (IOException | IllegalArgumentException e) {
            System.getLogger(NativeShim.class.getName())
                    .log(Level.WARNING, "the ring between Java and SPDK is left out: " + e.getMessage());
            return symbol -> Optional.empty();
        }
    }

    /** The loader needs a file; once it is mapped, its name is not needed any more. */
    private static SymbolLookup extract(URL resource) throws IOException {
        Path file = Files.createTempFile("spdkio", ".so");
        try (InputStream in = resource.openStream()) {
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            return open(file);
        } finally {
            Files.delete(file);
        }
    }

    private static SymbolLookup open(Path file) {
        return SymbolLookup.libraryLookup(file, Arena.global());
    }
}
