// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob fill}. */
@Command(name = "fill", description = "Write the same byte all over a blob; a thin one has all its clusters then.")
final class FillCommand extends OneBlobCommand {
    private static final int MAX_BYTE = 255;

    @Parameters(index = "1", paramLabel = "BYTE", description = "The byte: 0 to 255, or 0x0 to 0xff.")
    private String value = "";

    @Override
    void prepare(@Nullable Path path) throws IOException {
        super.prepare(path);
        var _ = parsed();
    }

    private int parsed() {
        try {
            int parsed = Integer.decode(value);
            if (parsed >= 0 && parsed <= MAX_BYTE) {
                return parsed;
            }
        } catch (NumberFormatException none) {
            // told below
        }
        throw wrong("BYTE '" + value + "' is none: 0 to 255, or 0x0 to 0xff");
    }

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        return store.with(id, blob -> {
            try (Copying copying = new Copying(store, blob)) {
                copying.fill((byte) parsed());
            }
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("id", id.toString());
            result.put("byte", parsed());
            result.put("size", blob.clusters() * store.store().clusterSize());
            return result;
        });
    }
}
