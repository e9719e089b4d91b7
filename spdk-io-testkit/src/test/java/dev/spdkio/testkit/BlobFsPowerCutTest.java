// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blobfs.BlobFile;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import dev.spdkio.blobfs.FileInfo;
import dev.spdkio.blobfs.FileOption;
import dev.spdkio.error.SpdkException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Cuts the power of a file system at every point of small scripts, and loads what is left in every way that a volatile
 * cache may leave it. All files are then as before the operation at hand or as after it, the names with their contents;
 * no blob is left without a name, and no cluster is lost.
 *
 * <p>The property {@value #SCRIPTS} says how many scripts of two operations are tried; all of one always are.
 */
@Timeout(1800)
class BlobFsPowerCutTest {
    static final String SCRIPTS = "spdkio.powercut.files.scripts";

    private static final BlobFsOptions OPTIONS =
            BlobFsOptions.DEFAULT.withStore(PowerCutWorld.OPTIONS).withCacheBytes(BlobFsOptions.MIN_CACHE_BYTES);

    /** Bytes that are durable or not by themselves. */
    private static final int BLOCK = PowerCutBdev.BLOCK_BYTES;

    /** An operation; what it leaves open is closed later. */
    private interface Op {
        void run(Run run) throws Exception;
    }

    /** Something that happens on the way, after which the next thing does. */
    private interface Step {
        void done() throws Exception;
    }

    /** Where operations run. */
    private record Run(BlobFs fs, List<BlobFile> open, Step step) {
        /** The file, open; creating it is a step of its own. */
        BlobFile file(String name) throws Exception {
            boolean creates = fs.stat(name).isEmpty();
            BlobFile f = fs.open(name, FileOption.WRITE, FileOption.CREATE);
            open.add(f);
            if (creates) {
                step.done();
            }
            return f;
        }

        void append(String name, int bytes) throws Exception {
            try (BlobFile f = file(name)) {
                open.remove(f);
                f.append(ByteBuffer.wrap(content(bytes, bytes)));
                f.sync();
            }
        }
    }

    /** What overwrites durable bytes, each block of which is old or new by itself. */
    private static final String OVERWRITE = "overwrite";

    private final Map<String, Op> operations = new TreeMap<>(Map.ofEntries(
            Map.entry("create", r -> r.fs.create("new")),
            Map.entry("createAndWrite", r -> r.append("new", 9_000)),
            Map.entry("append", r -> r.append("a", 5_000)),
            Map.entry("appendFar", r -> r.append("b", 40_000)),
            Map.entry("leaveGap", r -> FileBed.write(r.file("a"), 30_000, content(5, 700))),
            Map.entry("shorten", r -> r.file("b").truncate(100)),
            Map.entry("cut", r -> r.file("b").truncate(0)),
            Map.entry("lengthen", r -> r.file("a").truncate(25_000)),
            Map.entry("delete", r -> r.fs.delete("b")),
            Map.entry("deleteOpen", r -> {
                BlobFile f = r.file("b");
                r.fs.delete("b");
                FileBed.write(f, 0, content(3, 600));
            }),
            Map.entry("rename", r -> r.fs.rename("a", "z")),
            Map.entry("renameOver", r -> r.fs.rename("a", "b")),
            Map.entry("renameOverOpen", r -> {
                BlobFile _ = r.file("b");
                r.fs.rename("a", "b");
            }),
            Map.entry("renameOpen", r -> {
                BlobFile _ = r.file("a");
                r.fs.rename("a", "c");
            }),
            Map.entry(OVERWRITE, r -> FileBed.write(r.file("b"), 1_000, content(9, 6_000)))));

    private PowerCutWorld world;
    private byte[] base;
    private int states;
    private int seconds;

    @BeforeEach
    void prepare() throws Exception {
        world = new PowerCutWorld();
        BlobFs fs = BlobFs.init(world.app, world.bdevName(), OPTIONS);
        FileBed.put(fs, "before", content(1, 60_000)); // so that free clusters hold something
        FileBed.put(fs, "a", content(1, 6_000));
        FileBed.put(fs, "b", content(2, 9_000));
        FileBed.put(fs, "c", content(3, 10));
        fs.delete("before");
        base = world.device.content();
        fs.unload();
    }

    @AfterEach
    void close() throws Exception {
        world.close();
    }

    private static byte[] content(int seed, int bytes) {
        return FileBed.bytes(seed, bytes);
    }

    // ---- scripts ----------------------------------------------------------------------------------------------------

    @Test
    @Seeded
    void scriptsOfOneOperation(RandomGenerator random) throws Exception {
        for (String op : operations.keySet()) {
            explore(List.of(op), random);
        }
        report("one operation");
    }

    @Test
    @Seeded
    void scriptsOfTwoOperations(RandomGenerator random) throws Exception {
        List<String> ops = List.copyOf(operations.keySet());
        for (int i = 0; i < Integer.getInteger(SCRIPTS, 8); i++) {
            explore(List.of(ops.get(random.nextInt(ops.size())), ops.get(random.nextInt(ops.size()))), random);
        }
        report("two operations");
    }

    /** The second file that replaces gets the number of the blob that the first has replaced. */
    @Test
    @Seeded
    void replacesAgainAndAgain(RandomGenerator random) throws Exception {
        explore(List.of("renameOver", "append", "renameOver", "append", "renameOver", "delete"), random);
        explore(List.of("renameOverOpen", "append", "renameOver", "rename"), random);
        report("replacing renames");
    }

    private void report(String what) {
        System.getLogger(BlobFsPowerCutTest.class.getName())
                .log(
                        System.Logger.Level.INFO,
                        "power cuts of files in scripts of " + what + ": " + states + " states, " + seconds
                                + " of them after a second cut");
        assertThat(states).isPositive();
    }

    /** Does operations, which the ones before may have made impossible, and syncs after each. */
    private void run(List<String> names, BlobFs fs, Step step) throws Exception {
        List<BlobFile> open = new ArrayList<>();
        for (String name : names) {
            try {
                Objects.requireNonNull(operations.get(name)).run(new Run(fs, open, step));
            } catch (SpdkException refused) {
                // it is a script like others then
            }
            for (BlobFile f : open) {
                f.sync();
            }
            step.done();
        }
    }

    private void explore(List<String> names, RandomGenerator random) throws Exception {
        List<TreeMap<String, byte[]>> expected = new ArrayList<>();
        world.device.reset(base);
        try (BlobFs fs = BlobFs.load(world.app, world.bdevName(), OPTIONS)) {
            expected.add(look(fs));
            run(names, fs, () -> expected.add(look(fs)));
        }
        world.device.reset(base);
        List<Integer> ends = new ArrayList<>(List.of(0));
        List<PowerCutBdev.Cut> cuts = new ArrayList<>();
        try (BlobFs fs = BlobFs.load(world.app, world.bdevName(), OPTIONS)) {
            world.device.mark();
            run(names, fs, () -> ends.add(world.device.events().size()));
            for (int at = 0; at <= ends.getLast(); at++) {
                cuts.add(world.device.cut(at, 4096));
            }
        }
        for (int at = 0; at <= ends.getLast(); at++) {
            int op = 0;
            while (at > ends.get(op)) {
                op++;
            }
            boolean over = at == ends.get(op);
            Range range = new Range(
                    expected.get(over ? op : op - 1),
                    expected.get(op),
                    names.contains(OVERWRITE) && !over,
                    names + " cut after event " + at + " of " + ends);
            for (PowerCutImages.Image i : PowerCutImages.of(cuts.get(at), random)) {
                check(i.content(), range, range.where + ", pieces " + i.pieces(), states % 5 == 0);
            }
        }
    }

    // ---- what is left -----------------------------------------------------------------------------------------------

    /** What may be left. */
    private record Range(TreeMap<String, byte[]> before, TreeMap<String, byte[]> after, boolean mixed, String where) {}

    private static TreeMap<String, byte[]> look(BlobFs fs) throws Exception {
        TreeMap<String, byte[]> all = new TreeMap<>();
        for (FileInfo f : fs.files()) {
            all.put(f.name(), FileBed.readAll(fs, f.name()));
        }
        return all;
    }

    private void check(byte[] image, Range range, String where, boolean again) throws Exception {
        states++;
        world.device.reset(image);
        List<byte[]> cutAgain = new ArrayList<>();
        try (BlobFs fs = BlobFs.load(world.app, world.bdevName(), OPTIONS)) {
            for (int at = 0; again && at <= world.device.events().size(); at++) {
                PowerCutBdev.Cut cut = world.device.cut(at, 4096);
                cutAgain.add(cut.image(_ -> false));
                cutAgain.add(cut.image(i -> i % 2 == 0));
                cutAgain.add(cut.image(_ -> true));
            }
            TreeMap<String, byte[]> found = look(fs);
            assertThat(fs.damagedFiles()).as(where).isEmpty();
            assertThat(same(found, range.before, range.before, false)
                            || same(found, range.after, range.after, false)
                            || (range.mixed && same(found, range.before, range.after, true)))
                    .as(where + ": found " + lengths(found) + ", not " + lengths(range.before) + " nor "
                            + lengths(range.after))
                    .isTrue();
            long used = fs.space().totalBytes() - fs.space().freeBytes();
            assertThat(fs.files().stream().mapToLong(FileInfo::allocatedBytes).sum())
                    .as(where + ": bytes of clusters that are used")
                    .isEqualTo(used);
        }
        for (byte[] second : cutAgain) {
            seconds++;
            check(second, range, where + ", and in the recovery", false);
        }
    }

    private static boolean same(
            TreeMap<String, byte[]> found, TreeMap<String, byte[]> a, TreeMap<String, byte[]> b, boolean mixed) {
        return found.keySet().equals(a.keySet())
                && found.entrySet().stream().allMatch(e -> {
                    byte[] old = Objects.requireNonNull(a.get(e.getKey()));
                    byte[] now = Objects.requireNonNull(b.get(e.getKey()));
                    return mixed ? mixed(e.getValue(), old, now) : Arrays.equals(e.getValue(), old);
                });
    }

    private static boolean mixed(byte[] found, byte[] old, byte[] now) {
        if (found.length != old.length && found.length != now.length) {
            return false;
        }
        for (int at = 0; at < found.length; at += BLOCK) {
            byte[] is = Arrays.copyOfRange(found, at, Math.min(found.length, at + BLOCK));
            if (!Arrays.equals(
                            is, Arrays.copyOfRange(old, Math.min(old.length, at), Math.min(old.length, at + is.length)))
                    && !Arrays.equals(
                            is,
                            Arrays.copyOfRange(now, Math.min(now.length, at), Math.min(now.length, at + is.length)))) {
                return false;
            }
        }
        return true;
    }

    private static Map<String, Integer> lengths(TreeMap<String, byte[]> files) {
        Map<String, Integer> all = new TreeMap<>();
        files.forEach((name, content) -> all.put(name, content.length));
        return all;
    }
}
