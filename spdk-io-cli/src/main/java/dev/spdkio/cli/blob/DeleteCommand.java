// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob delete}. */
@Command(name = "delete", description = "Delete a blob; the one clone of a snapshot gets its clusters.")
final class DeleteCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "ID", converter = BlobIdConverter.class, description = "The blob.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BlobId id;

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        store.store().deleteBlob(id).join();
        return Map.of("deleted", id.toString());
    }
}
