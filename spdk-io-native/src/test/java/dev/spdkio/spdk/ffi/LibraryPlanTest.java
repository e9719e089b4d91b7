// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What would be loaded of a fake SPDK. Nothing is. */
class LibraryPlanTest {

    @TempDir
    private Path root;

    private FakeSpdk fake;

    @BeforeEach
    void createFake() throws Exception {
        fake = new FakeSpdk(root.resolve("build/lib"));
    }

    private LibraryPlan plan() {
        LoaderPath machine = LoaderPath.of(root, Map.of());
        return LibraryPlan.of(Installation.find(root.toString(), null, machine), machine);
    }

    @Test
    void packagesMayRequireEachOtherInCirclesAndLibrariesComeAfterWhatTheyNeed() throws Exception {
        fake.library("libspdk_util.so.12.0", "extern void spdk_env(void); void *util = spdk_env;");
        fake.library("libspdk_env_dpdk.so.17.0", "void spdk_env(void) {}", "-lspdk_util");
        fake.pc("spdk_env_dpdk", "spdk_util spdk_dpdklibs", "-L" + fake.folder + " -lspdk_env_dpdk");
        fake.pc("spdk_util", "spdk_env_dpdk", "-lspdk_util");
        LibraryPlan plan = plan();
        assertThat(plan.spdk())
                .extracting(ElfFile::soname)
                .containsExactly("libspdk_util.so.12.0", "libspdk_env_dpdk.so.17.0");
        assertThat(plan.sonames())
                .isEqualTo(Map.of("spdk_util", "libspdk_util.so.12.0", "spdk_env_dpdk", "libspdk_env_dpdk.so.17.0"));
        assertThat(plan.undefined()).isEmpty();
        assertThat(plan.system()).containsEntry("libc.so.6", "libspdk_util.so.12.0");
        assertThat(plan.notFound())
                .contains("library libspdk_thread.so, named by SPDK's files: not found")
                .noneMatch(problem -> problem.contains("libspdk_env_dpdk.so"));
    }

    @Test
    void namesWhoNeedsAnUndefinedSymbol() throws Exception {
        fake.library("libspdk_env_dpdk.so.17.0", "void gone(void); void f(void) { gone(); }");
        fake.library(
                "libspdk_thread.so.13.0",
                "void gone(void); void maybe(void) __attribute__((weak)); void g(void) { gone(); maybe(); }");
        Map<String, ?> undefined = plan().undefined();
        assertThat(undefined).containsOnlyKeys("gone");
        assertThat(undefined.get("gone")).hasToString("[libspdk_env_dpdk.so.17.0, libspdk_thread.so.13.0]");
    }

    @Test
    void leavesOutWhatIsLeftOut() throws Exception {
        fake.library("libspdk_env_dpdk.so.17.0", "");
        fake.library("libspdk_scheduler_dynamic.so.6.0", "");
        fake.pc("spdk_env_dpdk", "spdk_scheduler_dynamic", "-lspdk_env_dpdk");
        fake.pc("spdk_scheduler_dynamic", "", "-L" + fake.folder + " -lspdk_scheduler_dynamic");
        assertThat(plan().spdk()).extracting(ElfFile::soname).containsExactly("libspdk_env_dpdk.so.17.0");
    }

    @Test
    void withoutFilesForPkgConfigTheFolderSpeaks() throws Exception {
        fake.library("libspdk_env_dpdk.so.17.0", "");
        fake.library("libspdk_bdev_null.so.8.0", "");
        fake.library("librte_eal.so.26", "");
        LibraryPlan plan = plan();
        assertThat(plan.spdk())
                .extracting(ElfFile::soname)
                .containsExactlyInAnyOrder("libspdk_env_dpdk.so.17.0", "libspdk_bdev_null.so.8.0");
        assertThat(plan.beside()).extracting(ElfFile::soname).containsExactly("librte_eal.so.26");
    }

    @Test
    void whatTheLoaderFindsItselfIsLeftToIt() throws Exception {
        fake.library("libspdk_env_dpdk.so.17.0", "");
        FakeSpdk machine = new FakeSpdk(root.resolve("usr/lib"));
        machine.library("libaio.so.1", "");
        machine.library("libfuse3.so.3", "");
        Path plain = machine.folder.resolve("libfuse3.so");
        Files.delete(plain);
        Files.writeString(plain, "GROUP ( libfuse3.so.3 )");
        Path archive = Files.createFile(fake.folder.resolve("libisal.a"));
        fake.pc("spdk_syslibs", "", "-laio -lfuse3 -lgone -lisal");
        LibraryPlan plan = plan();
        assertThat(plan.system()).containsEntry("libaio.so.1", "SPDK").containsEntry("libfuse3.so.3", "SPDK");
        assertThat(plan.notFound())
                .contains("library libgone.so, named by SPDK's files: not found")
                .anyMatch(problem -> problem.contains("libisal.so") && problem.contains("only " + archive));
    }

    @Test
    void readsALibraryAndNothingElse() throws Exception {
        Path library = fake.library("libspdk_all.so", "const char *v = \"SPDK vhost, SPDK v25.05 git\"; int a; int b;");
        ElfFile file = ElfFile.read(library);
        assertThat(file.soname()).isEqualTo("libspdk_all.so");
        assertThat(file.needed()).contains("libc.so.6");
        assertThat(file.defined()).contains("a", "b", "v");
        assertThat(file.spdkVersion()).isEqualTo("v25.05");
        assertThat(ElfFile.read(root)).isNull();
        assertThat(ElfFile.read(root.resolve("missing"))).isNull();
        assertThat(ElfFile.read(Files.writeString(root.resolve("text"), "x".repeat(100))))
                .isNull();
        byte[] cut = Files.readAllBytes(library);
        for (int size : List.of(0, 4, 64, 100, 1000, cut.length - 10)) {
            Path part = Files.write(root.resolve("part"), java.util.Arrays.copyOf(cut, size));
            assertThat(ElfFile.read(part)).as("%d bytes", size).isNull();
        }
    }
}
