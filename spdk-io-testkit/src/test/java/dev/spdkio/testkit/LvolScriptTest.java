// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;

/** Random scripts of all that can be done with volumes, beside a model that knows what each cluster must read as. */
@Seeded
class LvolScriptTest extends LvolTest {
    private static final int STEPS = 80;
    private static final int MOST = 10;

    private final Map<String, int[]> model = new TreeMap<>();
    private MemoryDisk disk;
    private Bdev bdev;
    private LvolStore store;
    private int disks;
    private int names;
    private int values;

    @RepeatedTest(12)
    void whatVolumesHoldIsWhatWasWritten(RandomGenerator random) {
        disk = new MemoryDisk(160L * CLUSTER);
        bdev = on(() -> disk.register(bdevs(), "Disk" + disks++));
        store = store(bdev.name(), "s");
        for (int step = 0; step < STEPS; step++) {
            String did = step(random);
            if (step % 8 == 7) {
                check("step " + step + ": " + did);
            }
        }
        for (int i = 0; i < 3 && !model.isEmpty(); i++) { // clones first
            model.keySet().removeIf(name -> succeeds(find(store, name)::delete, Errno.EPERM));
        }
        does(store::delete);
        world.await(bdevs().unregister(bdev));
    }

    private String step(RandomGenerator random) {
        List<String> all = new ArrayList<>(model.keySet());
        String name = all.isEmpty() ? "" : all.get(random.nextInt(all.size()));
        Lvol lvol = all.isEmpty() ? null : find(store, name);
        int what = lvol == null ? 0 : random.nextInt(16);
        if (lvol == null || (what == 0 && all.size() < MOST)) {
            return create(random);
        }
        return switch (what) {
            case 1 -> snapshot(lvol);
            case 2 -> clone(lvol);
            case 3 -> delete(lvol);
            case 4 -> done("inflate " + name, lvol::inflate, Errno.ENOSPC);
            case 5 -> done("decouple " + name, lvol::decoupleParent, Errno.EINVAL, Errno.ENOSPC);
            case 6 -> resize(lvol, random.nextInt(9));
            case 7 -> rename(lvol);
            case 8 -> reload();
            case 9 -> crash();
            case 10 -> unmap(lvol, random);
            default -> write(lvol, random);
        };
    }

    private boolean succeeds(Callable<CompletableFuture<Void>> operation, int... refusals) {
        try {
            does(operation);
            return true;
        } catch (RuntimeException e) {
            Throwable cause = Objects.requireNonNull(e.getCause());
            assertThat(cause).isInstanceOf(SpdkException.class);
            assertThat(refusals).as(cause.getMessage()).contains(((SpdkException) cause).errno());
            return false;
        }
    }

    private String done(String what, Callable<CompletableFuture<Void>> operation, int... refusals) {
        return what + (succeeds(operation, refusals) ? "" : " was refused");
    }

    private boolean hasRoom() {
        return model.size() < MOST;
    }

    private String create(RandomGenerator random) {
        String name = "v" + names++;
        int clusters = 1 + random.nextInt(8);
        if (random.nextBoolean()) {
            thin(store, name, clusters);
        } else if (on(store::freeClusters) >= clusters) {
            thick(store, name, clusters);
        } else {
            return "no room";
        }
        model.put(name, new int[clusters]);
        return "create " + name;
    }

    private String snapshot(Lvol lvol) {
        String name = "v" + names++;
        if (!hasRoom() || !succeeds(() -> lvol.snapshot(name).thenApply(_ -> null), Errno.EINVAL)) {
            return "no snapshot of " + lvol;
        }
        model.put(name, model.get(lvol.name()).clone());
        return "snapshot " + name + " of " + lvol;
    }

    private String clone(Lvol lvol) {
        String name = "v" + names++;
        if (!hasRoom() || !succeeds(() -> lvol.createClone(name).thenApply(_ -> null), Errno.EINVAL)) {
            return "no clone of " + lvol;
        }
        model.put(name, model.get(lvol.name()).clone());
        return "clone " + name + " of " + lvol;
    }

    private String delete(Lvol lvol) {
        if (succeeds(lvol::delete, Errno.EPERM)) {
            model.remove(lvol.name());
        }
        return "delete " + lvol;
    }

    private String resize(Lvol lvol, int clusters) {
        if (succeeds(() -> lvol.resize((long) clusters * CLUSTER), Errno.EPERM, Errno.ENOSPC)) {
            // What is added to a clone may show what its parent has there, and is written to be known.
            int[] before = model.get(lvol.name());
            model.put(lvol.name(), Arrays.copyOf(before, clusters));
            for (int i = before.length; i < clusters; i++) {
                if (!write(lvol, i)) {
                    model.put(lvol.name(), Arrays.copyOf(before, before.length));
                    does(() -> lvol.resize((long) before.length * CLUSTER));
                    break;
                }
            }
        }
        return "resize " + lvol + " to " + clusters;
    }

    private String rename(Lvol lvol) {
        String before = lvol.name();
        String after = "v" + names++;
        if (succeeds(() -> lvol.rename(after), Errno.EPERM)) {
            model.put(after, model.remove(before));
        }
        return "rename " + before + " to " + after;
    }

    private String reload() {
        store = reload(store);
        return "reload";
    }

    private String crash() {
        MemoryDisk left = disk.copy();
        does(store::unload);
        world.await(bdevs().unregister(bdev));
        disk = left;
        bdev = on(() -> disk.register(bdevs(), "Disk" + disks++));
        world.await(bdevs().modules().whenExamined());
        store = on(() -> stores().find("s").orElseThrow());
        return "crash";
    }

    private String unmap(Lvol lvol, RandomGenerator random) {
        int[] known = model.get(lvol.name());
        if (known.length == 0 || on(lvol::isReadOnly) || on(lvol::isClone)) {
            return "no unmap of " + lvol;
        }
        int first = random.nextInt(known.length);
        int count = 1 + random.nextInt(known.length - first);
        IoStatus status = io(
                lvol.alias(),
                OpenMode.READ_WRITE,
                (ch, c, u) -> ch.submitUnmap((long) first * CLUSTER, (long) count * CLUSTER, c, u));
        assertThat(status).isSameAs(IoStatus.SUCCESS);
        Arrays.fill(known, first, first + count, 0);
        return "unmap " + count + " from " + first + " of " + lvol;
    }

    private String write(Lvol lvol, RandomGenerator random) {
        int[] known = model.get(lvol.name());
        if (known.length == 0 || on(lvol::isReadOnly)) {
            return "no write to " + lvol;
        }
        int cluster = random.nextInt(known.length);
        return "write cluster " + cluster + " of " + lvol + (write(lvol, cluster) ? "" : ": no room");
    }

    private boolean write(Lvol lvol, int cluster) {
        int value = 1 + values++ % 250;
        var out = bed.buf(CLUSTER, value);
        IoStatus status = io(
                lvol.alias(), OpenMode.READ_WRITE, (ch, c, u) -> ch.submitWrite(out, (long) cluster * CLUSTER, c, u));
        bed.close(out);
        if (status.isSuccess()) {
            model.get(lvol.name())[cluster] = value;
        } else {
            assertThat(status.errno()).isEqualTo(Errno.ENOSPC);
        }
        return status.isSuccess();
    }

    private void check(String when) {
        assertThat(on(store::lvols))
                .as(when)
                .extracting(Lvol::name)
                .containsExactlyInAnyOrderElementsOf(model.keySet());
        model.forEach((name, known) -> {
            assertThat(find("s/" + name).sizeBytes())
                    .as(when + ", size of " + name)
                    .isEqualTo((long) known.length * CLUSTER);
            for (int i = 0; i < known.length; i++) {
                assertThat(filled("s/" + name, i))
                        .as(when + ", cluster " + i + " of " + name)
                        .isEqualTo(known[i]);
            }
        });
    }
}
