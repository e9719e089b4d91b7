// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.util.Map;
import picocli.CommandLine.Command;

/** {@code spdkio blob delete}. */
@Command(name = "delete", description = "Delete a blob; the one clone of a snapshot gets its clusters.")
final class DeleteCommand extends OneBlobCommand {
    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        store.store().deleteBlob(id).join();
        return Map.of("deleted", id.toString());
    }
}
