// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.util.Map;
import picocli.CommandLine.Command;

/** {@code spdkio blob decouple}. */
@Command(name = "decouple", description = "Give a clone what its parent has, so that it stands on the parent of that.")
final class DecoupleCommand extends OneBlobCommand {
    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        store.store().decoupleParent(id).join();
        return store.describe(id);
    }
}
