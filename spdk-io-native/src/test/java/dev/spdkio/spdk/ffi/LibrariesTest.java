// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LibrariesTest {

    @Test
    void theGuideNamesWhatIsLeftOutAndWhy() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("../docs/spdk.md")).stream()
                .filter(line -> line.startsWith("| `spdk_"))
                .toList();
        Libraries.leftOut()
                .forEach((name, reason) -> assertThat(rows)
                        .as(name)
                        .anyMatch(row -> row.contains("`" + name + "`") && row.contains(reason)));
    }

    @Test
    void nothingIsBothUsedAndLeftOut() {
        assertThat(Libraries.leftOut()).doesNotContainKeys(Libraries.ROOTS.toArray(String[]::new));
        assertThat(Libraries.ROOTS).containsAll(Libraries.FAMILIES.keySet());
    }
}
