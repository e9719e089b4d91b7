// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.spdk.SpdkUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallationTest {

    @TempDir
    private Path root;

    private final Map<String, String> environment = new HashMap<>();
    private Path tree;

    @BeforeEach
    void createTree() throws IOException {
        tree = installation("tree/build/lib").getParent().getParent();
    }

    private Path installation(String folder) throws IOException {
        Path lib = Files.createDirectories(root.resolve(folder));
        Files.createFile(lib.resolve("libspdk_env_dpdk.so"));
        return lib;
    }

    private Installation find(String property, String variable) {
        return Installation.find(property, variable, LoaderPath.of(root, environment));
    }

    @Test
    void theVariableComesBeforeTheProperty() throws IOException {
        Path prefix = installation("prefix/lib64").getParent();
        assertThat(find(prefix.toString(), " ").folder()).isEqualTo(prefix.resolve("lib64"));
        Installation byVariable = find(prefix.toString(), tree.toString());
        assertThat(byVariable.folder()).isEqualTo(tree.resolve("build/lib"));
        assertThat(byVariable.origin()).isEqualTo("environment variable SPDK_HOME");
        assertThat(byVariable.packages()).startsWith(tree.resolve("build/lib/pkgconfig"));
        assertThat(byVariable.fat()).isNull();
    }

    @Test
    void theVariableComesBeforePkgConfigAndThatBeforeTheLoader() throws IOException {
        Path loader = installation("usr/lib");
        assertThat(find(null, null).folder()).isEqualTo(loader);
        assertThat(find(null, null).origin()).isEqualTo("the loader's path");

        Path packaged = installation("opt/spdk");
        Path packages = Files.createDirectories(root.resolve("pc"));
        Files.writeString(packages.resolve("spdk_env_dpdk.pc"), "Libs: -L" + packaged + " -lspdk_env_dpdk\n");
        environment.put("PKG_CONFIG_PATH", packages.toString());
        assertThat(find(null, null).folder()).isEqualTo(packaged);
        assertThat(find(null, null).origin()).isEqualTo("pkg-config");

        assertThat(find(null, tree.toString()).folder()).isEqualTo(tree.resolve("build/lib"));
    }

    @Test
    void theLoaderLooksInItsVariableThenWhereItIsConfiguredThenInItsFolders() throws IOException {
        installation("usr/lib");
        Path configured = installation("srv/spdk");
        Files.createDirectories(root.resolve("etc/ld.so.conf.d"));
        Files.writeString(root.resolve("etc/ld.so.conf.d/spdk.conf"), "# SPDK\n/srv/spdk\n");
        assertThat(find(null, null).folder()).isEqualTo(configured);
        Path variable = installation("var/lib");
        environment.put("LD_LIBRARY_PATH", ":" + variable);
        assertThat(find(null, null).folder()).isEqualTo(variable);
    }

    @Test
    void whoNamesAPlaceMeansIt() throws IOException {
        installation("usr/lib");
        Path empty = Files.createDirectory(root.resolve("empty"));
        assertThatThrownBy(() -> find(null, empty.toString()))
                .isInstanceOf(SpdkUnavailableException.class)
                .hasMessageContainingAll(empty + " (environment variable SPDK_HOME) holds no SPDK", "--with-shared");
        assertThatThrownBy(() -> find(empty.toString(), null))
                .hasMessageContaining("(system property dev.spdkio.spdk.home)");
    }

    @Test
    void staticLibrariesAreNotEnough() throws IOException {
        Path lib = Files.createDirectories(root.resolve("static/build/lib"));
        Files.createFile(lib.resolve("libspdk_env_dpdk.a"));
        assertThatThrownBy(() -> find(null, root.resolve("static").toString()))
                .hasMessageContainingAll(lib.toString(), "static libraries only", "--with-shared");
    }

    @Test
    void aFileMustBeALibrary() throws IOException {
        Path text = Files.writeString(root.resolve("libspdk.so"), "GROUP ( libspdk_bdev.so )");
        assertThatThrownBy(() -> find(text.toString(), null))
                .hasMessageContaining(text + " (system property dev.spdkio.spdk.home) is no shared library");
        Path image = Files.write(root.resolve("libspdk_all.so"), ElfBundle.of(List.of()));
        assertThat(find(image.toString(), null).fat()).isEqualTo(image);
    }

    @Test
    void nowhereIsSaidWithTheRemedy() {
        assertThatThrownBy(() -> find(null, ""))
                .isInstanceOf(SpdkUnavailableException.class)
                .hasMessageContainingAll("there is no SPDK", "dev.spdkio.spdk.home", "SPDK_HOME", "ldconfig");
    }
}
