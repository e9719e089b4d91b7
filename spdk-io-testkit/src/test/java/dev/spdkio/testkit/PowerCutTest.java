// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.runtime.Task;
import dev.spdkio.testkit.PowerCutWorld.Seen;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Cuts the power of a store at every point of small scripts, and loads what is left in every way that a volatile cache
 * may leave it. Each blob is then as before the operation at hand or as after it; what was done before is there; no
 * cluster is two blobs'; nothing that is used is free, and nothing is lost.
 *
 * <p>The property {@value #SCRIPTS} says how many scripts of two operations are tried; all of one always are.
 */
@Timeout(1800)
class PowerCutTest {
    static final String SCRIPTS = "spdkio.powercut.scripts";

    private PowerCutWorld world;
    private PowerCutScript script;
    private byte[] base;
    private int states;
    private int seconds;
    private int setAside;

    @BeforeEach
    void prepare() throws Exception {
        world = new PowerCutWorld();
        script = new PowerCutScript(world);
        base = world.run(() -> {
            Blobstore store = world.init();
            script.prepare(store);
            byte[] image = world.device.content();
            Task.await(store.unload());
            return image;
        });
    }

    @AfterEach
    void close() throws Exception {
        world.close();
    }

    @Test
    @Seeded
    void scriptsOfOneOperation(RandomGenerator random) throws Exception {
        for (String op : new TreeMap<>(script.operations()).keySet()) {
            explore(List.of(op), 4096, random);
        }
        report("one operation");
        assertThat(setAside)
                .as("blobs set aside where pages are written as a whole")
                .isZero();
    }

    @Test
    @Seeded
    void scriptsOfTwoOperations(RandomGenerator random) throws Exception {
        List<String> ops = List.copyOf(new TreeMap<>(script.operations()).keySet());
        int scripts = Integer.getInteger(SCRIPTS, 12);
        for (int i = 0; i < scripts; i++) {
            String first = ops.get(random.nextInt(ops.size()));
            String second = ops.get(random.nextInt(ops.size()));
            explore(List.of(first, second), 4096, random);
        }
        report("two operations");
        assertThat(setAside)
                .as("blobs set aside where pages are written as a whole")
                .isZero();
    }

    @Test
    @Seeded
    void tornPagesAreSetAsideAtWorst(RandomGenerator random) throws Exception {
        for (String op : List.of("xattr", "writeThin", "writeRle", "shrinkThick", "deleteRle", "snapshot")) {
            explore(List.of(op), PowerCutBdev.BLOCK_BYTES, random);
        }
        report("one operation, torn at 512 bytes, of which " + setAside + " set blobs aside");
    }

    private void report(String what) {
        System.getLogger(PowerCutTest.class.getName())
                .log(
                        System.Logger.Level.INFO,
                        "power cuts in scripts of " + what + ": " + states + " states, " + seconds
                                + " of them after a second cut");
        assertThat(states).isPositive();
    }

    // ---- one script -------------------------------------------------------------------------------------------------

    private void explore(List<String> names, int atomic, RandomGenerator random) throws Exception {
        Map<String, PowerCutScript.Op> all = script.operations();
        List<TreeMap<BlobId, Seen>> expected = new ArrayList<>();
        List<Integer> ends = new ArrayList<>();
        List<PowerCutBdev.Cut> cuts = new ArrayList<>();
        boolean _ = world.run(() -> {
            // Once to see what it leads to, and once to see how: looking flushes.
            world.device.reset(base);
            Blobstore store = world.load();
            expected.add(world.look(store, new long[1]));
            for (String name : names) {
                script.run(all.get(name), store);
                expected.add(world.look(store, new long[1]));
            }
            Task.await(store.unload());
            world.device.reset(base);
            store = world.load();
            world.device.mark();
            ends.add(0);
            for (String name : names) {
                script.run(all.get(name), store);
                ends.add(world.device.events().size());
            }
            for (int at = 0; at <= ends.getLast(); at++) {
                cuts.add(world.device.cut(at, atomic));
            }
            Task.await(store.unload());
            return true;
        });
        int events = ends.getLast();
        for (int at = 0; at <= events; at++) {
            int op = 1;
            while (at > ends.get(op)) {
                op++;
            }
            boolean over = at == ends.get(op) || at == 0;
            TreeMap<BlobId, Seen> before = expected.get(at == 0 ? 0 : over ? op : op - 1);
            TreeMap<BlobId, Seen> after = expected.get(at == 0 ? 0 : op);
            String where = names + " cut after event " + at + " of " + ends;
            crash(cuts.get(at), before, after, where, atomic, random);
        }
    }

    private void crash(
            PowerCutBdev.Cut cut,
            TreeMap<BlobId, Seen> before,
            TreeMap<BlobId, Seen> after,
            String where,
            int atomic,
            RandomGenerator random)
            throws Exception {
        for (PowerCutImages.Image i : PowerCutImages.of(cut, random)) {
            check(i.content(), before, after, where + ", pieces " + i.pieces(), atomic, states % 5 == 0);
        }
    }

    private void check(
            byte[] image,
            TreeMap<BlobId, Seen> before,
            TreeMap<BlobId, Seen> after,
            String where,
            int atomic,
            boolean again)
            throws Exception {
        states++;
        List<byte[]> recoveries = world.run(() -> {
            world.device.reset(image);
            Blobstore store = world.load();
            List<byte[]> cutAgain = new ArrayList<>();
            int recovery = world.device.events().size();
            for (int at = 0; again && at <= recovery; at++) {
                PowerCutBdev.Cut cut = world.device.cut(at, atomic);
                cutAgain.add(cut.image(_ -> false));
                cutAgain.add(cut.image(i -> i % 2 == 0));
                cutAgain.add(cut.image(_ -> true));
            }
            long[] allocated = new long[1];
            TreeMap<BlobId, Seen> found = world.look(store, allocated);
            long used = Task.call(() -> store.totalClusters() - store.freeClusters());
            Task.await(store.unload());
            verify(found, before, after, where, atomic);
            if (atomic == 4096) {
                assertThat(used).as(where + ": clusters that are used").isEqualTo(allocated[0]);
            } else {
                assertThat(used).as(where + ": clusters that are used").isGreaterThanOrEqualTo(allocated[0]);
            }
            return cutAgain;
        });
        for (byte[] second : recoveries) {
            seconds++;
            check(second, before, after, where + ", and in the recovery", atomic, false);
        }
    }

    private void verify(
            TreeMap<BlobId, Seen> found,
            TreeMap<BlobId, Seen> before,
            TreeMap<BlobId, Seen> after,
            String where,
            int atomic) {
        Set<BlobId> ids = new HashSet<>(before.keySet());
        ids.addAll(after.keySet());
        assertThat(ids).as(where).containsAll(found.keySet());
        for (BlobId id : ids) {
            Seen is = found.get(id);
            Seen old = before.get(id);
            Seen now = after.get(id);
            if (is == null) {
                boolean mayBeMissing = old == null || now == null;
                if (atomic < 4096 && !mayBeMissing) {
                    setAside++;
                } else {
                    assertThat(mayBeMissing)
                            .as(where + ": blob " + id + " is missing")
                            .isTrue();
                }
            } else if (atomic == 4096) {
                assertThat(is).as(where + ": blob " + id).isIn(java.util.Arrays.asList(old, now));
            }
        }
    }
}
