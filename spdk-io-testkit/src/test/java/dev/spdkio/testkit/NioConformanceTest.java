// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What programs expect of paths and channels: of the JDK's own file system, and the same of ours. */
class NioConformanceTest {

    /** Ours, on one of its devices. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Names extends NioNameSuite {
        private NioBed bed;

        @BeforeAll
        void start() throws Exception {
            bed = new NioBed(device());
        }

        @AfterAll
        void stop() throws Exception {
            bed.close();
        }

        Path device() {
            return null;
        }

        @Override
        Path base() {
            return bed.root();
        }
    }

    /** The same for channels. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Channels extends NioChannelSuite {
        private NioBed bed;

        @BeforeAll
        void start() throws Exception {
            bed = new NioBed(device());
        }

        @AfterAll
        void stop() throws Exception {
            bed.close();
        }

        Path device() {
            return null;
        }

        @Override
        Path base() {
            return bed.root();
        }
    }

    @Nested
    class NamesOnMalloc extends Names {}

    @Nested
    class ChannelsOnMalloc extends Channels {}

    @Nested
    class NamesOnFile extends Names {
        @TempDir(factory = DiskTempDir.class)
        Path folder;

        @Override
        Path device() {
            return folder;
        }
    }

    @Nested
    class ChannelsOnFile extends Channels {
        @TempDir(factory = DiskTempDir.class)
        Path folder;

        @Override
        Path device() {
            return folder;
        }
    }

    @Nested
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the file system of Windows has other rules")
    class NamesOfTheJdk extends NioNameSuite {
        @TempDir
        Path folder;

        @Override
        Path base() throws Exception {
            return Files.createDirectories(folder);
        }
    }

    @Nested
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the file system of Windows has other rules")
    class ChannelsOfTheJdk extends NioChannelSuite {
        @TempDir
        Path folder;

        @Override
        Path base() {
            return folder;
        }
    }
}
