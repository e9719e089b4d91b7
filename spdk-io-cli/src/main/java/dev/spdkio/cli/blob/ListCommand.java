// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.cli.ByteSize;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;

/** {@code spdkio blob list}. */
@Command(name = "list", description = "Tell the store and its blobs, and those that are damaged.")
final class ListCommand extends StoreCommand {

    @Override
    Map<String, Object> run(OpenStore store) throws Exception {
        Blobstore blobs = store.store();
        Map<String, Object> result = store.call(() -> BlobInfo.of(blobs));
        blobs.superBlob().join().ifPresent(id -> result.put("super_blob", id.toString()));
        List<Map<String, Object>> list = new ArrayList<>();
        for (BlobId id : store.call(blobs::blobIds)) {
            list.add(describe(store, id));
        }
        result.put("blobs", list);
        result.put("damaged", Damage.of(store));
        return result;
    }

    /** A blob whose device is not there is told, but cannot be looked into. */
    private static Map<String, Object> describe(OpenStore store, BlobId id) throws Exception {
        try {
            return store.describe(id);
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            Map<String, Object> closed = new LinkedHashMap<>();
            closed.put("id", id.toString());
            closed.put("error", String.valueOf(cause.getMessage()));
            return closed;
        }
    }

    @Override
    void print(PrintWriter out, Map<String, Object> result) {
        Map<String, Object> of = new LinkedHashMap<>(result);
        of.remove("blobs");
        of.remove("damaged");
        Lines.print(out, of);
        long cluster = Lines.number(result, "cluster_size");
        out.println();
        out.printf("%-14s %8s %9s %-9s %s%n", "blob", "size", "allocated", "kind", "attributes");
        for (Map<?, ?> b : Lines.several(result, "blobs")) {
            if (b.containsKey("error")) {
                out.printf("%-14s %s%n", b.get("id"), b.get("error"));
                continue;
            }
            out.printf(
                    "%-14s %8s %9s %-9s %s%n",
                    b.get("id"),
                    ByteSize.format(Lines.number(b, "size")),
                    ByteSize.format(Lines.number(b, "allocated_clusters") * cluster),
                    kind(b),
                    b.get("xattrs"));
        }
        Damage.print(out, result);
    }

    private static String kind(Map<?, ?> b) {
        if (Boolean.TRUE.equals(b.get("snapshot"))) {
            return "snapshot";
        }
        return Boolean.TRUE.equals(b.get("clone")) ? "clone" : Boolean.TRUE.equals(b.get("thin")) ? "thin" : "thick";
    }
}
