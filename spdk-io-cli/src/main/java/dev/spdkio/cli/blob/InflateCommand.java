// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.util.Map;
import picocli.CommandLine.Command;

/** {@code spdkio blob inflate}. */
@Command(name = "inflate", description = "Give a blob all its clusters, so that it stands on nothing.")
final class InflateCommand extends OneBlobCommand {
    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        store.store().inflate(id).join();
        return store.describe(id);
    }
}
