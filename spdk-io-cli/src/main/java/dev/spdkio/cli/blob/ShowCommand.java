// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.util.Map;
import picocli.CommandLine.Command;

/** {@code spdkio blob show}. */
@Command(name = "show", description = "Tell all of a blob: size, kind, relatives and attributes.")
final class ShowCommand extends OneBlobCommand {
    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        return store.describe(id);
    }
}
