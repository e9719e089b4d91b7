// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.testkit.PowerCutBdev;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What reaches the device for a write to a thin blob is what SPDK's blobstore writes, and no byte more. */
class WriteAmplificationTest {
    private static final int UNIT = PowerCutBdev.BLOCK_BYTES;
    private static final int PAGE = 4096;

    private final CutWorld world = new CutWorld();
    private Script script;

    @BeforeEach
    void init() {
        script = new Script(world, Mode.INIT);
    }

    @AfterEach
    void close() {
        script.unload();
        world.close();
    }

    private List<Integer> writes(Runnable body) {
        world.device.mark();
        body.run();
        return world.device.events().stream()
                .filter(e -> !e.isFlush())
                .map(PowerCutBdev.Event::length)
                .toList();
    }

    private BlobId thin(boolean table) {
        return script.await(script.store().createBlob(BlobOptions.thin(1100).withExtentTable(table)));
    }

    @Test
    void aMapInTheRootTakesOnePage() {
        BlobId id = thin(false);
        assertThat(writes(() -> script.writeUnit(id, 0, 1))).containsExactly(PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 1, 2))).containsExactly(PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 1000, 3))).containsExactly(PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 1000, 4))).containsExactly(UNIT);
    }

    @Test
    void aPageOfTheMapTakesTwoWhenItIsNewAndThenOne() {
        BlobId id = thin(true);
        assertThat(writes(() -> script.writeUnit(id, 0, 1))).containsExactly(PAGE, PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 1, 2))).containsExactly(PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 511, 3))).containsExactly(PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 512, 4))).containsExactly(PAGE, PAGE, UNIT);
        assertThat(writes(() -> script.writeUnit(id, 1, 5))).containsExactly(UNIT);
    }

    @Test
    void whatIsSyncedAlreadyIsNotWritten() {
        BlobId id = thin(true);
        script.writeUnit(id, 0, 1);
        assertThat(writes(script::syncAll)).isEmpty();
        script.xattrs(id, 10);
        assertThat(writes(script::syncAll)).containsExactly(PAGE);
    }
}
