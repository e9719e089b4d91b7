// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ExportedBdev;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.SpdkBdevs;
import dev.spdkio.sys.Errno;
import dev.spdkio.testkit.TestWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Java devices under SPDK's own ones. */
@Timeout(60)
class UpBridgeTest {
    private static final int BLOCK = 512;
    private static final long BLOCKS = 16_384;

    private BdevManager bdevs;
    private TestWorld world;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Bdev> made = new ArrayList<>();

    @BeforeEach
    void begin() throws Exception {
        bdevs = NativeApp.get().bdevs();
        world = TestWorld.of(NativeApp.get().runtime());
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable o : opened.reversed()) {
            o.close();
        }
        opened.clear();
        for (Bdev b : made) {
            if (b.isRegistered()) {
                world.await(bdevs.unregister(b));
            }
        }
    }

    private Bdev malloc(String name) throws Exception {
        return keep(MallocBdev.create(bdevs, new MallocBdevOptions(name, BLOCK, BLOCKS)));
    }

    private Bdev answering(String name, AnsweringDevice device) throws Exception {
        return keep(bdevs.register(BdevSpec.builder(name, BLOCK, BLOCKS).build(), device));
    }

    private Bdev keep(Bdev bdev) {
        made.add(bdev);
        return bdev;
    }

    private ExportedBdev export(Bdev bdev) {
        return world.await(SpdkBdevs.export(bdev));
    }

    private Bdev passthru(String base, String name) throws Exception {
        NativeApp.rpc("bdev_passthru_create", Map.of("base_bdev_name", base, "name", name));
        return Objects.requireNonNull(bdevs.lookup(name), name);
    }

    private void deletePassthru(String name) throws Exception {
        NativeApp.rpc("bdev_passthru_delete", Map.of("name", name));
    }

    private static boolean isListed(String name) throws Exception {
        for (JsonNode n : NativeApp.rpc("bdev_get_bdevs", Map.of())) {
            if (n.get("name").stringValue().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private SpdkThread thread(String name) throws Exception {
        SpdkThread t = NativeApp.get().runtime().createThread(name);
        opened.add(() -> world.await(t.exit()));
        return t;
    }

    private BdevChannel channel(SpdkThread thread, String name) {
        BdevDesc desc = world.on(thread, () -> bdevs.open(name, OpenMode.READ_WRITE, BdevEventListener.NONE));
        opened.add(() -> {
            desc.close();
            world.await(desc.closed());
        });
        return world.on(thread, desc::openChannel);
    }

    private DmaBuf buf(long bytes) throws Exception {
        DmaBuf buf = NativeApp.get().dmaPool().allocate(bytes);
        opened.add(buf);
        return buf;
    }

    private interface Submit {
        void to(BdevChannel channel, dev.spdkio.bdev.IoCompletion completion);
    }

    private CompletableFuture<IoStatus> begin(BdevChannel channel, Submit submit) {
        CompletableFuture<IoStatus> end = channel.thread().runtime().newFuture();
        world.run(channel.thread(), () -> submit.to(channel, (status, _) -> end.complete(status)));
        return end;
    }

    private IoStatus io(BdevChannel channel, Submit submit) {
        return world.await(begin(channel, submit));
    }

    // ---- there and away -------------------------------------------------------------------------------------------

    @Test
    void spdkListsItUntilItIsTakenBack() throws Exception {
        Bdev bdev = malloc("JavaMalloc");
        ExportedBdev exported = export(bdev);
        JsonNode info =
                NativeApp.rpc("bdev_get_bdevs", Map.of("name", "JavaMalloc")).get(0);
        assertThat(info.get("product_name").stringValue()).isEqualTo(bdev.productName());
        assertThat(info.get("block_size").intValue()).isEqualTo(BLOCK);
        assertThat(info.get("num_blocks").longValue()).isEqualTo(BLOCKS);
        assertThat(info.get("uuid").stringValue()).isEqualTo(bdev.uuid().toString());
        assertThat(info.get("supported_io_types").get("unmap").booleanValue()).isTrue();
        assertThat(info.get("driver_specific").get("pages").stringValue()).isNotEmpty();
        assertThat(bdevs.bdevs().stream().filter(b -> b.name().equals("JavaMalloc")))
                .as("once in the hub")
                .hasSize(1);
        assertThat(NativeApp.rpc("framework_get_config", Map.of("name", "bdev")).toString())
                .contains(
                        "\"method\":\"java_bdev_malloc_create\",\"params\":{\"name\":\"JavaMalloc\"",
                        "\"method\":\"java_bdev_export\",\"params\":{\"name\":\"JavaMalloc\"}");
        world.await(exported.unexport());
        world.await(exported.unexport());
        assertThat(isListed("JavaMalloc")).isFalse();
        assertThat(bdev.openCount()).isZero();
        exported = export(bdev);
        assertThat(isListed("JavaMalloc")).isTrue();
        world.await(exported.unexport());
    }

    @Test
    void whatADeviceSaysOfItselfIsJson() throws Exception {
        ExportedBdev exported = export(answering("JavaSays", new AnsweringDevice()));
        JsonNode info =
                NativeApp.rpc("bdev_get_bdevs", Map.of("name", "JavaSays")).get(0);
        assertThat(info.get("driver_specific").toString())
                .isEqualTo("{\"answers\":\"as \\\"told\\\"\",\"list\":[1,2]}");
        assertThat(info.get("supported_io_types").get("write_zeroes").booleanValue())
                .as("made of writes by the hub")
                .isTrue();
        world.await(exported.unexport());
    }

    @Test
    void aNameThatSpdkHasIsRefused() throws Exception {
        Bdev bdev = malloc("JavaTwice");
        ExportedBdev exported = export(bdev);
        assertThatThrownBy(() -> export(bdev))
                .cause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
                .hasMessageContainingAll("JavaTwice", "has a device of that name");
        assertThat(bdev.openCount()).as("the refused one is closed").isLessThanOrEqualTo(2);
        world.await(exported.unexport());
        world.awaitUntil("all closed", () -> bdev.openCount() == 0);
    }

    @Test
    void removalFromTheHubTakesWhatStandsOnIt() throws Exception {
        Bdev bdev = malloc("JavaGoes");
        ExportedBdev exported = export(bdev);
        Bdev top = passthru("JavaGoes", "OnJavaGoes");
        List<BdevEvent> events = new ArrayList<>();
        SpdkThread t = thread("user");
        BdevDesc desc = world.on(
                t,
                () -> bdevs.open("OnJavaGoes", OpenMode.READ_WRITE, (event, d) -> {
                    events.add(event);
                    d.close();
                }));
        CompletableFuture<Void> removed = bdevs.unregister(bdev);
        world.await(desc.closed());
        world.await(removed);
        world.await(exported.gone());
        assertThat(events).containsExactly(BdevEvent.REMOVED);
        world.awaitUntil("the hub hears of it", () -> bdevs.lookup("OnJavaGoes") == null);
        assertThat(top.isRegistered()).isFalse();
        assertThat(isListed("JavaGoes")).isFalse();
    }

    @Test
    void unexportUnderLoadEndsEveryIo() throws Exception {
        Bdev bdev = malloc("JavaLeaves");
        ExportedBdev exported = export(bdev);
        passthru("JavaLeaves", "OnJavaLeaves");
        SpdkThread t = thread("user");
        CompletableFuture<Integer> over = t.runtime().newFuture();
        BdevDesc desc = world.on(t, () -> bdevs.open("OnJavaLeaves", OpenMode.READ_WRITE, (_, d) -> d.close()));
        BdevChannel ch = world.on(t, desc::openChannel);
        DmaBuf buf = buf(BLOCK);
        world.run(t, () -> new Load(ch, buf, 32, over).begin());
        CompletableFuture<Void> gone = exported.unexport();
        assertThat(world.await(over)).isPositive();
        world.await(desc.closed());
        world.await(gone);
        assertThat(bdev.openCount()).isZero();
    }

    /** Reads without end until the channel is closed. */
    private static final class Load {
        private final BdevChannel channel;
        private final DmaBuf buf;
        private final CompletableFuture<Integer> over;
        private int left;
        private int done;

        Load(BdevChannel channel, DmaBuf buf, int depth, CompletableFuture<Integer> over) {
            this.channel = channel;
            this.buf = buf;
            this.left = depth;
            this.over = over;
        }

        void begin() {
            int depth = left;
            for (int i = 0; i < depth; i++) {
                next();
            }
        }

        private void next() {
            if (channel.isClosed()) {
                if (--left == 0) {
                    over.complete(done);
                }
                return;
            }
            channel.submitRead(
                    buf,
                    0,
                    (_, _) -> {
                        done++;
                        next();
                    },
                    null);
        }
    }

    @Test
    void growsWithTheDevice() throws Exception {
        AnsweringDevice device = new AnsweringDevice();
        Bdev bdev = answering("JavaGrows", device);
        ExportedBdev exported = export(bdev);
        Bdev top = passthru("JavaGrows", "OnJavaGrows");
        bdev.notifyBlockCount(2 * BLOCKS);
        world.awaitUntil("SPDK's new size", () -> {
            try {
                return NativeApp.rpc("bdev_get_bdevs", Map.of("name", "JavaGrows"))
                                .get(0)
                                .get("num_blocks")
                                .longValue()
                        == 2 * BLOCKS;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        assertThat(top.blockCount()).isPositive();
        deletePassthru("OnJavaGrows");
        world.await(exported.unexport());
    }

    // ---- data -----------------------------------------------------------------------------------------------------

    @Test
    void passthruCarriesData() throws Exception {
        ExportedBdev exported = export(malloc("JavaBase"));
        passthru("JavaBase", "OnJavaBase");
        verify("OnJavaBase");
        deletePassthru("OnJavaBase");
        world.await(exported.unexport());
    }

    @Test
    void raid1CarriesDataToBoth() throws Exception {
        ExportedBdev a = export(malloc("JavaA"));
        ExportedBdev b = export(malloc("JavaB"));
        NativeApp.rpc(
                "bdev_raid_create",
                Map.of("name", "JavaRaid", "raid_level", "raid1", "base_bdevs", List.of("JavaA", "JavaB")));
        verify("JavaRaid");
        try (BlockDevice one = BlockDevice.open(bdevs, "JavaA", OpenMode.READ_ONLY);
                BlockDevice two = BlockDevice.open(bdevs, "JavaB", OpenMode.READ_ONLY);
                DmaBuf first = NativeApp.get().dmaPool().allocate(1 << 20);
                DmaBuf second = NativeApp.get().dmaPool().allocate(1 << 20)) {
            one.read(first, 0);
            two.read(second, 0);
            assertThat(first.mismatch(second)).isEqualTo(-1);
            assertThat(first.buffer().getLong()).isNotZero();
        }
        NativeApp.rpc("bdev_raid_delete", Map.of("name", "JavaRaid"));
        world.await(a.unexport());
        world.await(b.unexport());
    }

    @Test
    void aLogicalVolumeCarriesData() throws Exception {
        ExportedBdev exported = export(malloc("JavaStore"));
        NativeApp.rpc(
                "bdev_lvol_create_lvstore",
                Map.of("bdev_name", "JavaStore", "lvs_name", "store", "cluster_sz", 1 << 20));
        String volume = NativeApp.rpc(
                        "bdev_lvol_create", Map.of("lvs_name", "store", "lvol_name", "volume", "size_in_mib", 4))
                .stringValue();
        verify(volume);
        NativeApp.rpc("bdev_lvol_delete_lvstore", Map.of("lvs_name", "store"));
        world.await(exported.unexport());
    }

    private void verify(String name) throws Exception {
        Random random = new Random(7);
        byte[] content = new byte[1 << 20];
        byte[] back = new byte[content.length];
        long bytes = Objects.requireNonNull(bdevs.lookup(name)).sizeBytes();
        try (BlockDevice device = BlockDevice.open(bdevs, name, OpenMode.READ_WRITE);
                DmaBuf buf = NativeApp.get().dmaPool().allocate(content.length)) {
            for (long at = 0; at + content.length <= bytes; at += content.length) {
                random.nextBytes(content);
                buf.copyFrom(content);
                device.write(buf, at);
                buf.fill((byte) 0);
                device.read(buf, at);
                buf.copyTo(back);
                assertThat(back).isEqualTo(content);
            }
        }
    }

    @Test
    void severalPiecesAndThreads() throws Exception {
        ExportedBdev exported = export(malloc("JavaPieces"));
        passthru("JavaPieces", "OnJavaPieces");
        List<SpdkThread> threads = List.of(thread("one"), thread("two"));
        List<CompletableFuture<IoStatus>> ends = new ArrayList<>();
        List<BdevChannel> channels = new ArrayList<>();
        List<DmaBuf> bufs = new ArrayList<>();
        for (SpdkThread t : threads) {
            BdevChannel ch = channel(t, "OnJavaPieces");
            DmaBuf buf = buf(4 * BLOCK);
            buf.fill((byte) (channels.size() + 1));
            IoVec vec = IoVec.builder()
                    .add(buf, 0, 100)
                    .add(buf, 100, 3 * BLOCK - 100)
                    .add(buf, 3 * BLOCK, BLOCK)
                    .build();
            long offset = 4L * BLOCK * channels.size();
            ends.add(begin(ch, (c, done) -> c.submitWritev(vec, offset, done, null)));
            channels.add(ch);
            bufs.add(buf);
        }
        ends.forEach(e -> assertThat(world.await(e)).isSameAs(IoStatus.SUCCESS));
        DmaBuf all = buf(8 * BLOCK);
        assertThat(io(channels.getFirst(), (c, done) -> c.submitRead(all, 0, done, null)))
                .isSameAs(IoStatus.SUCCESS);
        for (int i = 0; i < 8 * BLOCK; i++) {
            assertThat(all.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, i))
                    .isEqualTo((byte) (i < 4 * BLOCK ? 1 : 2));
        }
    }

    // ---- ends -----------------------------------------------------------------------------------------------------

    @Test
    void statusesGoBothWays() throws Exception {
        AnsweringDevice device = new AnsweringDevice();
        Bdev bdev = answering("JavaAnswers", device);
        export(bdev);
        // Of all SPDK's devices those that are parts of others pass statuses on in every release.
        NativeApp.rpc("bdev_split_create", Map.of("base_bdev", "JavaAnswers", "split_count", 1));
        BdevChannel ch = channel(thread("user"), "JavaAnswersp0");
        DmaBuf buf = buf(BLOCK);
        for (IoStatus status : List.of(
                IoStatus.nvme(5, 2, 0x81),
                IoStatus.scsi(2, 3, 0x11, 1),
                IoStatus.aio(Errno.ENOSPC),
                IoStatus.FAILED,
                IoStatus.ABORTED,
                IoStatus.SUCCESS)) {
            device.answer = status;
            IoStatus end = io(ch, (c, done) -> c.submitWrite(buf, 0, done, null));
            assertThat(end).isEqualTo(status);
        }
        device.throwing = true;
        assertThat(io(ch, (c, done) -> c.submitFlush(0, BLOCK, done, null)).isSuccess())
                .isFalse();
        device.throwing = false;
        assertThat(io(ch, (c, done) -> c.submitUnmap(0, BLOCK, done, null))).isSameAs(IoStatus.SUCCESS);
        assertThat(device.seen).contains(IoType.WRITE, IoType.UNMAP);
    }

    @Test
    void noRoomIsNoFailure() throws Exception {
        AnsweringDevice device = new AnsweringDevice();
        export(answering("JavaFull", device));
        passthru("JavaFull", "OnJavaFull");
        BdevChannel ch = channel(thread("user"), "OnJavaFull");
        DmaBuf buf = buf(BLOCK);
        device.noRoom.set(3);
        List<CompletableFuture<IoStatus>> ends = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ends.add(begin(ch, (c, done) -> c.submitWrite(buf, 0, done, null)));
        }
        ends.forEach(e -> assertThat(world.await(e)).isSameAs(IoStatus.SUCCESS));
        assertThat(device.noRoom).hasValue(0);
    }

    @Test
    void aResetIsOverWhenAllBeforeItHasEnded() throws Exception {
        AnsweringDevice device = new AnsweringDevice();
        export(answering("JavaResets", device));
        passthru("JavaResets", "OnJavaResets");
        BdevChannel one = channel(thread("one"), "OnJavaResets");
        BdevChannel two = channel(thread("two"), "OnJavaResets");
        DmaBuf buf = buf(BLOCK);
        device.holds = true;
        CompletableFuture<IoStatus> write = begin(two, (c, done) -> c.submitWrite(buf, 0, done, null));
        world.awaitUntil("the device has it", () -> device.held.get() == 1);
        CompletableFuture<IoStatus> reset = begin(one, (c, done) -> c.submitReset(done, null));
        world.awaitUntil("the device is reset", () -> device.seen.contains(IoType.RESET));
        world.settle();
        assertThat(reset).isNotDone();
        device.letGo();
        assertThat(world.await(write)).isSameAs(IoStatus.SUCCESS);
        assertThat(world.await(reset)).isSameAs(IoStatus.SUCCESS);
    }

    @Test
    void anAbortReachesTheDevice() throws Exception {
        AnsweringDevice device = new AnsweringDevice();
        ExportedBdev exported = export(answering("JavaAborts", device));
        SpdkThread t = thread("user");
        DmaBuf buf = buf(BLOCK);
        device.holds = true;
        try (NativeUser user = world.on(t, () -> new NativeUser("JavaAborts"))) {
            world.run(t, () -> user.write(buf.address(), 1));
            world.run(t, () -> user.write(buf.address(), 2));
            world.awaitUntil("the device has both", () -> device.held.get() == 2);
            world.run(t, () -> user.abort(1, 3));
            world.awaitUntil("the first is aborted", () -> user.ends.size() == 2);
            assertThat(user.ends).containsExactlyInAnyOrder("1 failed", "3 ok");
            assertThat(device.held).hasValue(1);
            device.letGo();
            world.awaitUntil("the second is done", () -> user.ends.size() == 3);
            assertThat(user.ends).contains("2 ok");
            world.run(t, user::release);
        }
        world.await(exported.unexport());
    }

    @Test
    void aReadWithoutMemoryGetsSome() throws Exception {
        ExportedBdev exported = export(malloc("JavaReads"));
        SpdkThread t = thread("user");
        try (NativeUser user = world.on(t, () -> new NativeUser("JavaReads"))) {
            world.run(t, () -> user.read(1));
            world.awaitUntil("it is done", () -> !user.ends.isEmpty());
            assertThat(user.ends).containsExactly("1 ok");
            world.run(t, user::release);
        }
        world.await(exported.unexport());
    }

    /** The end of what SPDK has of ours comes inside the end of what we have of SPDK's. */
    @Test
    void sandwichedBetweenDevicesOfSpdk() throws Exception {
        NativeApp.rpc("bdev_malloc_create", Map.of("name", "Below", "num_blocks", BLOCKS, "block_size", BLOCK));
        SpdkThread app = NativeApp.get().appThread();
        PassthruBdevOptions between = new PassthruBdevOptions("Between", "Below");
        export(keep(world.on(app, () -> PassthruBdev.create(bdevs, between))));
        passthru("Between", "Above");
        verify("Above");
        SpdkThread t = thread("user");
        BdevChannel ch = channel(t, "Above");
        List<CompletableFuture<IoStatus>> ends = new ArrayList<>();
        for (int round = 0; round < 8; round++) {
            DmaBuf buf = buf(256 * BLOCK);
            world.run(t, () -> {
                for (int i = 0; i < 256; i++) {
                    CompletableFuture<IoStatus> end = t.runtime().newFuture();
                    ends.add(end);
                    ch.submit(IoType.READ, buf, (long) i * BLOCK, i, 1, (status, _) -> end.complete(status), null);
                }
            });
        }
        ends.forEach(e -> assertThat(world.await(e)).isSameAs(IoStatus.SUCCESS));
        end();
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", "Below"));
    }
}
