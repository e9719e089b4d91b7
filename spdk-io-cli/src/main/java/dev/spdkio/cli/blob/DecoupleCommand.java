// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob decouple}. */
@Command(name = "decouple", description = "Give a clone what its parent has, so that it stands on the parent of that.")
final class DecoupleCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "ID", converter = BlobIdConverter.class, description = "The blob.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BlobId id;

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        store.store().decoupleParent(id).join();
        return store.with(id, blob -> store.call(() -> BlobInfo.of(blob)));
    }
}
