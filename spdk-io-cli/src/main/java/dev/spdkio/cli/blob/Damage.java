// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The blobs of a store that are damaged, with what is wrong with each. */
final class Damage {
    private Damage() {}

    static List<Map<String, Object>> of(OpenStore store) {
        List<Map<String, Object>> all = new ArrayList<>();
        store.call(store.store()::damagedBlobs)
                .forEach((id, why) -> all.add(Map.of("id", id.toString(), "damage", why)));
        return all;
    }

    static void print(PrintWriter out, Map<?, ?> result) {
        for (Map<?, ?> one : Lines.several(result, "damaged")) {
            out.println("damaged: " + one.get("damage"));
        }
    }
}
