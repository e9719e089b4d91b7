// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code spdkio blob clone}. */
@Command(name = "clone", description = "Make a thin blob that shows what a snapshot has until it is written.")
final class CloneCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "ID", converter = BlobIdConverter.class, description = "The blob.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private BlobId id;

    @Option(names = "--xattr", paramLabel = "NAME=VALUE", description = "An attribute of it; may be repeated.")
    private Map<String, String> xattrs = Map.of();

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        Map<String, byte[]> all = store.with(id, blob -> store.call(() -> Attributes.derived(blob, xattrs)));
        BlobId made = store.store().createClone(id, all).join();
        return store.with(made, blob -> store.call(() -> BlobInfo.of(blob)));
    }
}
