// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import dev.spdkio.spdk.ffi.LibSpdk;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Whether real SPDK can be used in this JVM, and which one it is.
 *
 * <p>SPDK is looked for where the system property {@code dev.spdkio.spdk.home} says; else where the environment
 * variable {@code SPDK_HOME} says; else where pkg-config knows it; else on the loader's path. The first question loads
 * its libraries, for the life of the JVM. Nothing here initialises SPDK's environment.
 *
 * <p>Thread rule: any thread.
 */
public final class Spdk {
    private Spdk() {}

    /** Whether SPDK is loaded and has a known ABI. The answer never changes during the life of the JVM. */
    public static boolean isAvailable() {
        return LibSpdk.unavailabilityCause() == null;
    }

    /** Why {@link #isAvailable} is false, naming everything that is missing; empty if it is true. */
    public static Optional<Throwable> unavailabilityCause() {
        return Optional.ofNullable(LibSpdk.unavailabilityCause());
    }

    /**
     * Passes if SPDK is available.
     *
     * @throws SpdkUnavailableException if it is not; its cause is {@link #unavailabilityCause()}
     */
    public static void ensureAvailable() {
        LibSpdk.get();
    }

    /**
     * The release, such as {@code v26.05}, as the sonames of the libraries tell.
     *
     * @throws SpdkUnavailableException if SPDK is not available
     */
    public static String version() {
        return LibSpdk.get().abi().release();
    }

    /**
     * The folder that the libraries were loaded from.
     *
     * @throws SpdkUnavailableException if SPDK is not available
     */
    public static Path libraryDirectory() {
        return LibSpdk.get().folder();
    }

    /**
     * Who named that folder, such as {@code environment variable SPDK_HOME}.
     *
     * @throws SpdkUnavailableException if SPDK is not available
     */
    public static String origin() {
        return LibSpdk.get().origin();
    }

    /** The libraries of SPDK that are never loaded, each with the reason; whether SPDK is available or not. */
    public static Map<String, String> leftOut() {
        return LibSpdk.leftOut();
    }
}
