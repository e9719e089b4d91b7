// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import picocli.CommandLine.Parameters;

/** A command on one blob. */
abstract class OneBlobCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "ID", converter = BlobIdConverter.class, description = "The blob.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    BlobId id;
}
