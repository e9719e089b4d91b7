// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.blob.Blobstore;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Random operations, compared with a model of what they must lead to. */
interface BlobScriptContract {
    /** The device under test. */
    BlobBed bed();

    @Test
    @Seeded
    default void agreesWithTheModel(RandomGenerator random) throws Exception {
        Blobstore store = bed().init();
        BlobModel model = new BlobModel(bed(), store, random);
        for (int i = 0; i < 300; i++) {
            model.step();
        }
        model.check();
        model.closeAll();
        model.reloaded(bed().reload(store));
        model.check();
        for (int i = 0; i < 100; i++) {
            model.step();
        }
        model.syncAll();
        Blobstore after = bed().crash(model.store(), "BlobScript");
        model.closeAll();
        model.reloaded(after);
        model.check();
        model.closeAll();
    }
}
