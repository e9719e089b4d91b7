// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeShimTest {
    private static final String ROUND = "spdkio_ring_round";

    @TempDir
    private Path folder;

    @Test
    void findsWhatTheBuildCompiled() {
        compiled();
        assertThat(NativeShim.find(ROUND)).isPresent();
        assertThat(NativeShim.find("no_such_function")).isEmpty();
    }

    @Test
    void loadsFromAJarToo() throws IOException {
        URL compiled = compiled();
        Path jar = folder.resolve("shim.jar");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar));
                InputStream in = compiled.openStream()) {
            out.putNextEntry(new ZipEntry("lib.so"));
            in.transferTo(out);
        }
        URL inJar = URI.create("jar:" + jar.toUri() + "!/lib.so").toURL();
        assertThat(NativeShim.load(inJar, null).find(ROUND)).isPresent();
    }

    @Test
    void isOffWhenAskedOrMissing() throws IOException {
        assertThat(NativeShim.load(null, null).find(ROUND)).isEmpty();
        assertThat(NativeShim.load(folder.resolve("gone.so").toUri().toURL(), null)
                        .find(ROUND))
                .isEmpty();
        assertThat(NativeShim.load(compiled(), "off").find(ROUND)).isEmpty();
    }

    private static URL compiled() {
        URL resource = NativeShim.class.getResource(NativeShim.RESOURCE);
        assumeTrue(resource != null, "the build had no C compiler: there is no " + NativeShim.RESOURCE);
        return resource;
    }
}
