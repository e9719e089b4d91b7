// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.Blobstore;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** {@code spdkio blob check}. */
@Command(
        name = "check",
        description = {
            "Load the store, after a crash by recovery, and tell the blobs that are damaged.",
            "The exit code is 1 if there are some."
        })
final class CheckCommand extends StoreCommand {

    @Override
    Map<String, Object> run(OpenStore store) {
        Blobstore blobs = store.store();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("blobs", store.call(blobs::blobIds).size());
        result.put("total_clusters", store.call(blobs::totalClusters));
        result.put("free_clusters", store.call(blobs::freeClusters));
        result.put("damaged", Damage.of(store));
        return result;
    }

    @Override
    int exitCode(Map<String, Object> result) {
        return isSound(result) ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static boolean isSound(Map<String, Object> result) {
        return result.get("damaged") instanceof List<?> l && l.isEmpty();
    }

    @Override
    void print(PrintWriter out, Map<String, Object> result) {
        Map<String, Object> of = new LinkedHashMap<>(result);
        of.remove("damaged");
        Lines.print(out, of);
        Damage.print(out, result);
        out.println("result             " + (isSound(result) ? "sound" : "damaged"));
    }
}
