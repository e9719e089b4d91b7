// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob set-super}. */
@Command(name = "set-super", description = "Say which blob an application finds its way from; without ID none.")
final class SetSuperCommand extends StoreCommand {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "ID",
            converter = BlobIdConverter.class,
            description = "The blob.")
    private @Nullable BlobId id;

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        if (id != null) {
            store.with(id, blob -> blob); // it is there
        }
        store.store().setSuperBlob(id).join();
        return Map.of("super_blob", id == null ? "none" : id.toString());
    }
}
