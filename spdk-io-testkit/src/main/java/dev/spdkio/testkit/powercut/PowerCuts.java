// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.BlobOptions;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.testkit.PowerCutBdev;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Explores what power cuts leave behind. A script runs on a device with a volatile cache; for every moment of its last
 * operation (those of the others are moments of shorter scripts), and every part of the cache that may be lost, the
 * store is loaded, and must be as an {@code Expectation} says: no blob missing, metadata of one moment, data of each
 * sector old or new, no cluster two blobs', none used that is free, none lost. Then it goes on: what is free is
 * filled, which changes nothing else, and it is unloaded and loaded again. Some are cut again while they are recovered.
 *
 * <p>Where the device tears pages, a blob may be set aside whose page is torn, with what stands on it.
 *
 * <p>Thread rule: one OS thread.
 */
public final class PowerCuts implements AutoCloseable {
    private static final int SOME = 64;
    private static final int METADATA = 4 * 4096;
    private static final int FILLED = 0xEE;

    /** Every so many states are cut again, and are gone on with. */
    private static final int AGAIN = 4;

    private final RandomGenerator random;
    private final Set<Long> known = new HashSet<>();
    private final byte[] base;
    private final Map<String, Operations.Op> operations;
    private final int exhaustive;
    private final boolean lies;
    private CutWorld world = new CutWorld();
    private long scripts;
    private long cuts;
    private long states;
    private long secondCuts;
    private long setAside;

    /**
     * @param random chooses what is tried of what is too much
     * @param exhaustive pieces of the cache of which all subsets are tried; of more, some
     */
    public PowerCuts(RandomGenerator random, int exhaustive) {
        this(random, exhaustive, false);
    }

    /** @param lies whether the device only says that it flushes */
    PowerCuts(RandomGenerator random, int exhaustive, boolean lies) {
        this.random = random;
        this.exhaustive = exhaustive;
        this.lies = lies;
        Script s = new Script(world, Mode.INIT);
        this.operations = Operations.of(Operations.prepare(s));
        s.unload();
        this.base = world.device.content();
        world.close();
        world = newWorld();
    }

    private CutWorld newWorld() {
        CutWorld other = new CutWorld();
        if (lies) {
            other.device.ignoreFlushes();
        }
        return other;
    }

    /** The names of all operations, in order. */
    public List<String> operations() {
        return List.copyOf(operations.keySet());
    }

    /** Scripts that were explored. */
    public long scripts() {
        return scripts;
    }

    /** Different states that were loaded. */
    public long states() {
        return states;
    }

    /** What was done so far. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%,d scripts, %,d cuts, %,d states (%,d of them after a second cut), %,d blobs set aside",
                scripts,
                cuts,
                states,
                secondCuts,
                setAside);
    }

    /**
     * Explores a script.
     *
     * @param names of its operations
     * @param atomic bytes that the device writes as a whole: 512 or 4096
     * @throws Violation if something is not as it must be
     */
    public void explore(List<String> names, int atomic) {
        try {
            List<View> views = new ArrayList<>();
            List<Set<Long>> synced = new ArrayList<>();
            observe(names, views, synced);
            scripts++;
            List<PowerCutBdev.Cut> all = new ArrayList<>();
            int first = record(names, atomic, all);
            for (int i = 0; i < all.size(); i++) {
                boolean over = i == all.size() - 1;
                cuts++;
                crash(
                        all.get(i),
                        Expectation.of(views, synced, names.size(), over),
                        atomic,
                        names + " on pages of " + atomic + " bytes, cut after event " + (first + i));
            }
        } catch (RuntimeException | AssertionError e) {
            world = newWorld(); // whatever the other does
            throw e instanceof Violation v ? v : new Violation(names + ": " + e, e);
        }
    }

    /** Once to see what it leads to, and once to see how: looking flushes. */
    private void observe(List<String> names, List<View> views, List<Set<Long>> synced) {
        world.device.reset(base);
        Script s = new Script(world, Mode.LOAD);
        views.add(s.look());
        for (String name : names) {
            synced.add(s.run(operation(name)));
            views.add(s.look());
        }
        s.unload();
    }

    private int record(List<String> names, int atomic, List<PowerCutBdev.Cut> all) {
        world.device.reset(base);
        Script s = new Script(world, Mode.LOAD);
        int first = 0;
        for (String name : names) {
            first = world.device.eventCount();
            var _ = s.run(operation(name));
        }
        first += names.size() > 1 ? 1 : 0;
        for (int at = first; at <= world.device.eventCount(); at++) {
            all.add(world.device.cut(at, atomic));
        }
        s.unload();
        return first;
    }

    private Operations.Op operation(String name) {
        Operations.Op op = operations.get(name);
        if (op == null) {
            throw new IllegalArgumentException("no operation " + name + ": " + operations());
        }
        return op;
    }

    // ---- a cut ------------------------------------------------------------------------------------------------------

    private void crash(PowerCutBdev.Cut cut, Expectation expected, int atomic, String where) {
        int n = cut.pieces();
        for (IntPredicate subset : subsets(n, exhaustive)) {
            byte[] image = cut.image(subset);
            if (known.add(key(image, expected))) {
                check(image, expected, atomic, () -> where + ", of " + n + " pieces " + text(subset, n), true);
            }
        }
    }

    private List<IntPredicate> subsets(int n, int most) {
        List<IntPredicate> all = new ArrayList<>();
        if (n <= most) {
            for (int bits = 0; bits < 1 << n; bits++) {
                int those = bits;
                all.add(i -> (those >> i & 1) != 0);
            }
            return all;
        }
        all.add(_ -> false);
        all.add(_ -> true);
        for (int one = 0; one < n; one++) {
            int it = one;
            all.add(i -> i == it);
            all.add(i -> i != it);
            all.add(i -> i < it); // as far as they were written in order
        }
        for (int some = 0; some < SOME; some++) {
            long bits = random.nextLong();
            all.add(i -> (bits >>> (i & 63) & 1) != 0);
        }
        return all;
    }

    private static String text(IntPredicate subset, int n) {
        StringBuilder pieces = new StringBuilder();
        for (int i = 0; i < n; i++) {
            pieces.append(subset.test(i) ? '1' : '0');
        }
        return pieces.toString();
    }

    /** Two states of one key are taken for the same. */
    private static long key(byte[] image, Expectation expected) {
        CRC32 one = new CRC32();
        CRC32C other = new CRC32C();
        one.update(image);
        other.update(image);
        return (one.getValue() << Integer.SIZE | other.getValue()) ^ expected.hashCode() * 0x9E37_79B9_7F4A_7C15L;
    }

    private interface Where {
        String text();
    }

    private void check(byte[] image, Expectation expected, int atomic, Where where, boolean first) {
        states++;
        boolean more = states % AGAIN == 0;
        List<byte[]> recoveries = new ArrayList<>();
        try {
            world.device.reset(image);
            Script s = new Script(world, Mode.LOAD);
            if (first && more) {
                for (int at = 0; at <= world.device.eventCount(); at++) {
                    PowerCutBdev.Cut cut = world.device.cut(at, atomic);
                    subsets(cut.pieces(), 4).forEach(subset -> recoveries.add(cut.image(subset)));
                }
            }
            View found = s.look();
            LongPredicate mayBeSetAside = atomic < 4096 ? torn(image, expected) : _ -> false;
            String wrong = expected.refute(found, mayBeSetAside);
            boolean torn = expected.isMissing(found);
            setAside += torn ? 1 : 0;
            if (wrong == null && (torn ? found.used < found.allocated : found.used != found.allocated)) {
                wrong = found.used + " clusters are used, and blobs have " + found.allocated;
            }
            if (wrong == null && more) {
                wrong = goOn(s, found);
            }
            s.unload();
            if (wrong != null) {
                throw new Violation(where.text() + ": " + wrong, null);
            }
        } catch (RuntimeException e) {
            throw new Violation(where.text() + ": " + e, e);
        }
        for (byte[] second : recoveries) {
            if (known.add(key(second, expected))) {
                secondCuts++;
                check(second, expected, atomic, () -> where.text() + ", and cut again in the recovery", false);
            }
        }
    }

    /** Blobs of which a page of metadata is torn. */
    private static LongPredicate torn(byte[] image, Expectation expected) {
        Set<Long> torn = new HashSet<>();
        ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        for (int page = 0; page < CutWorld.METADATA_PAGES; page++) {
            int at = METADATA + page * 4096;
            CRC32C crc = new CRC32C();
            crc.update(image, at, 4092);
            if ((int) crc.getValue() != bytes.getInt(at + 4092)) {
                torn.add(1L << Integer.SIZE | page);
                torn.add(bytes.getLong(at));
            }
        }
        return id -> torn.contains(id) || expected.standsOnAny(id, torn);
    }

    /** Uses what is free, unloads and loads: what is wrong then, or null. */
    static @Nullable String goOn(Script s, View found) {
        Blobstore store = s.store();
        long free = s.onThread(store::freeClusters);
        if (free > 0) {
            var id = s.await(store.createBlob(BlobOptions.ofClusters(free)));
            for (long c = 0; c < free; c++) {
                s.write(id, c, FILLED);
            }
            s.syncAll();
            View full = s.look();
            full.blobs.remove(id.value());
            if (!full.shows(found)) {
                return "when what was free is filled, there is " + full.blobs + " and not " + found.blobs;
            }
            var _ = s.await(store.deleteBlob(id));
        }
        s.reload();
        View again = s.look();
        return again.shows(found) && again.used == found.used
                ? null
                : "when it is unloaded and loaded, there is " + again.blobs + ", " + again.used
                        + " clusters used, and not " + found.blobs + ", " + found.used;
    }

    @Override
    public void close() {
        world.close();
    }
}
