// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * What tests of spdk-io, and of code that stands on it, share: seeded randomness, contract suites, fault injection.
 */
@NullMarked
module dev.spdkio.testkit {
    requires static transitive org.jspecify;
    requires java.logging;
    requires transitive dev.spdkio;
    requires transitive dev.spdkio.blob;
    requires transitive dev.spdkio.nvme;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;

    exports dev.spdkio.testkit;
    exports dev.spdkio.testkit.blobsim;
    exports dev.spdkio.testkit.powercut;
    exports dev.spdkio.testkit.simulation;
}
