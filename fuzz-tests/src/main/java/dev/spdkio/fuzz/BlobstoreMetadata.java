// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.fuzz;

import dev.spdkio.testkit.powercut.MetadataFuzz;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Loads a store that Jazzer changes the metadata of. */
public final class BlobstoreMetadata {
    /** What is damaged is logged. */
    private static final Logger QUIET = Logger.getLogger("dev.spdkio");

    private static final MetadataFuzz FUZZ = new MetadataFuzz();

    static {
        QUIET.setLevel(Level.OFF);
    }

    private BlobstoreMetadata() {}

    /** What Jazzer calls with each input. */
    public static void fuzzerTestOneInput(byte[] input) {
        FUZZ.run(input);
    }

    /** What it calls in the end, on another thread. */
    public static void fuzzerTearDown() {
        System.err.println(FUZZ);
    }
}
