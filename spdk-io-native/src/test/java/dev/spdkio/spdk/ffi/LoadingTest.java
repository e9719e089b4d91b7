// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.Spdk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads fake SPDKs and the real one, each in a JVM of its own: what is loaded stays. */
class LoadingTest {

    @TempDir
    private Path root;

    /** What the other JVM runs. */
    static final class Report {
        private Report() {}

        public static void main(String[] args) {
            System.out.println(
                    Spdk.isAvailable()
                            ? "available " + Spdk.version() + " from " + Spdk.libraryDirectory()
                            : "missing "
                                    + Spdk.unavailabilityCause().orElseThrow().getMessage());
        }
    }

    private static String load(Path place, Map<String, String> environment) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        command.add("-D" + Installation.PROPERTY + "=" + place);
        String path = System.getProperty("java.class.path", "") + ":" + System.getProperty("jdk.module.path", "");
        command.addAll(List.of("-cp", path, Report.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("LD_LIBRARY_PATH");
        builder.environment().remove(Installation.VARIABLE);
        builder.environment().putAll(environment);
        Process java = builder.start();
        String output = new String(java.getInputStream().readAllBytes()).strip();
        assertThat(java.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(java.exitValue()).as(output).isZero();
        return output;
    }

    @Test
    void librariesThatTakeAddressesInEachOtherAreLoadedTogether() throws Exception {
        FakeSpdk fake = new FakeSpdk(root.resolve("build/lib"));
        fake.library("libspdk_util.so.12.0", "extern void spdk_env(void); void *util = spdk_env;");
        fake.library(
                "libspdk_env_dpdk.so.17.0",
                FakeSpdk.essentials() + "extern void *util; void spdk_env(void) {} void **env = &util;",
                "-lspdk_util");
        fake.pc("spdk_env_dpdk", "", "-L" + fake.folder + " -lspdk_env_dpdk");
        assertThat(load(root, Map.of())).isEqualTo("available v26.05 from " + fake.folder);
    }

    @Test
    void oneLibraryMayHoldEverything() throws Exception {
        FakeSpdk fake = new FakeSpdk(root);
        Path library =
                fake.library("libstorage.so", FakeSpdk.essentials() + "const char *v = \"SPDK v25.05 git sha1\";");
        assertThat(load(library, Map.of())).isEqualTo("available v25.05 from " + root);
        Path without = fake.library("libspdk_none.so", FakeSpdk.essentials());
        assertThat(load(without, Map.of())).startsWith("missing").contains("carries no version of SPDK");
    }

    @Test
    void everythingThatIsMissingIsNamedAndNothingEndsTheJvm() throws Exception {
        FakeSpdk fake = new FakeSpdk(root.resolve("lib"));
        fake.library("libgone_a.so.1", "void a(void) {}");
        fake.library("libgone_b.so.2", "void b(void) {}");
        // A constructor that calls what is not there: loading it would end the process.
        fake.library(
                "libspdk_env_dpdk.so.17.0",
                FakeSpdk.essentials() + "void rte_gone(void); void a(void);"
                        + "__attribute__((constructor)) void start(void) { rte_gone(); a(); }",
                "-lgone_a");
        fake.library(
                "libspdk_thread.so.13.0",
                "void spdk_gone(void); void b(void); void g(void) { spdk_gone(); b(); }",
                "-lgone_b");
        for (String name : List.of("libgone_a.so", "libgone_a.so.1", "libgone_b.so", "libgone_b.so.2")) {
            Files.delete(fake.folder.resolve(name));
        }
        assertThat(load(root, Map.of()))
                .startsWith("missing SPDK in " + fake.folder + " (system property dev.spdkio.spdk.home)")
                .contains(
                        "library libgone_a.so.1, needed by libspdk_env_dpdk.so.17.0: libgone_a.so.1: cannot open",
                        "library libgone_b.so.2, needed by libspdk_thread.so.13.0: libgone_b.so.2: cannot open",
                        "symbol rte_gone, needed by libspdk_env_dpdk.so.17.0",
                        "symbol spdk_gone, needed by libspdk_thread.so.13.0");
    }

    @Test
    void whatIsNotSpdkIsRefused() throws Exception {
        FakeSpdk fake = new FakeSpdk(root.resolve("lib"));
        fake.library("libspdk_env_dpdk.so.17.0", "");
        assertThat(load(root, Map.of())).contains("symbol spdk_env_init, needed by this library");
    }

    @Test
    void anUnknownAbiIsRefusedBeforeAnythingIsLoaded() throws Exception {
        FakeSpdk fake = new FakeSpdk(root.resolve("lib"));
        fake.library(
                "libspdk_env_dpdk.so.99.0",
                "#include <stdlib.h>\n__attribute__((constructor)) void start(void) { abort(); }");
        assertThat(load(root, Map.of()))
                .startsWith("missing the ABI of this SPDK is unknown; known are v26.05, v25.05, v24.05")
                .contains("not v26.05: libspdk_env_dpdk.so.99.0 is not libspdk_env_dpdk.so.17.0");
    }

    @Test
    void theRealOneNeedsNoLibraryPath() throws Exception {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
        assertThat(load(Spdk.libraryDirectory(), Map.of()))
                .isEqualTo("available " + Spdk.version() + " from " + Spdk.libraryDirectory());
    }
}
