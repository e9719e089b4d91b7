// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolOptions;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.bdev.lvol.LvolStoreOptions;
import dev.spdkio.bdev.lvol.LvolStores;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Stores on a file that SPDK made are found here, unloaded or not, and the other way round: names, identities, data. */
@Timeout(240)
class LvolInteropTest {
    private static final int MIB = 1 << 20;
    private static final int FILE_BYTES = 64 * MIB;
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [
              {"method": "bdev_aio_create",
               "params": {"name": "Aio0", "filename": "%s", "block_size": 512,
                          "uuid": "0c2a5d52-2f5b-4a39-8d9e-5b7f1f1c9a11"}},
              {"method": "bdev_malloc_create",
               "params": {"name": "Parent", "num_blocks": 4096, "block_size": 512,
                          "uuid": "5f0d7fd3-92ff-4b9e-bb0e-6f0b6e0f4a22"}},
              {"method": "bdev_wait_for_examine"}]}]}
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @SuppressWarnings("NullAway.Init")
    private Path config;

    @SuppressWarnings("NullAway.Init")
    private Path image;

    @BeforeEach
    void makeFile() throws Exception {
        image = dir.resolve("image");
        config = dir.resolve("config.json");
        try (RandomAccessFile f = new RandomAccessFile(image.toFile(), "rw")) {
            f.setLength(FILE_BYTES);
        }
        Files.writeString(config, CONFIG.formatted(image));
    }

    /** One of the two programs, by its methods of RPC. */
    private interface Rpc {
        JsonNode call(String method, @Nullable Map<String, Object> params) throws Exception;
    }

    private static Rpc of(SpdkProgram program) {
        return (method, params) ->
                program.rpc().call(method, JsonMapper.shared().valueToTree(params));
    }

    private static Rpc of(SpdkApp app) {
        return (method, params) ->
                await(app.call(() -> app.rpc().call(method, json(params))).thenCompose(reply -> reply));
    }

    private static @Nullable JsonNode json(@Nullable Map<String, Object> params) {
        return params == null ? null : JsonMapper.shared().valueToTree(params);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    private SpdkApp java() throws Exception {
        return SpdkApp.builder()
                .name("lvol-interop")
                .engine(Engine.JAVA)
                .ignoreSignals()
                .config(config)
                .start();
    }

    // ---- what is made ----------------------------------------------------------------------------------------------

    private static void make(Rpc rpc) throws Exception {
        rpc.call("bdev_lvol_create_lvstore", Map.of("bdev_name", "Aio0", "lvs_name", "first", "cluster_sz", 65536));
        rpc.call("bdev_lvol_rename_lvstore", Map.of("old_name", "first", "new_name", "lvs"));
        lvol(rpc, "thick", 4, false, "unmap");
        lvol(rpc, "thin", 8, true, "write_zeroes");
        lvol(rpc, "many", 32, true, "none"); // several pages of its map
        // SPDK tells that it cannot be written when it has loaded it again.
        rpc.call("bdev_lvol_set_read_only", Map.of("name", "lvs/many"));
    }

    private static void lvol(Rpc rpc, String name, int mib, boolean thin, String clear) throws Exception {
        rpc.call(
                "bdev_lvol_create",
                Map.of(
                        "lvs_name", "lvs",
                        "lvol_name", name,
                        "size_in_mib", mib,
                        "thin_provision", thin,
                        "clear_method", clear));
    }

    private static void makeMore(Rpc rpc) throws Exception {
        rpc.call("bdev_lvol_snapshot", Map.of("lvol_name", "lvs/thin", "snapshot_name", "snap1"));
        rpc.call("bdev_lvol_snapshot", Map.of("lvol_name", "lvs/thin", "snapshot_name", "snap2"));
        rpc.call("bdev_lvol_clone", Map.of("snapshot_name", "lvs/snap1", "clone_name", "clone"));
        rpc.call("bdev_lvol_rename", Map.of("old_name", "lvs/clone", "new_name", "a clone by another name"));
        rpc.call("bdev_lvol_clone_bdev", Map.of("bdev", "Parent", "lvs_name", "lvs", "clone_name", "esnap"));
        rpc.call("bdev_lvol_resize", Map.of("name", "lvs/thick", "size_in_mib", 6));
    }

    /** All that the methods tell of stores and volumes, and the devices of volumes, in an order of their own. */
    private static List<String> told(Rpc rpc) throws Exception {
        List<String> all = new ArrayList<>();
        // Only SPDK v26.05 tells how far a store can grow.
        rpc.call("bdev_lvol_get_lvstores", Map.of("lvs_name", "lvs"))
                .forEach(s ->
                        all.add(((ObjectNode) s).without("max_growable_size").toString()));
        rpc.call("bdev_lvol_get_lvols", Map.of("lvs_name", "lvs")).forEach(l -> all.add(l.toString()));
        for (JsonNode bdev : rpc.call("bdev_get_bdevs", Map.of())) {
            if (bdev.get("product_name").asString().equals("Logical Volume")) {
                all.add(bdev.get("name") + " " + bdev.get("aliases") + " " + bdev.get("uuid") + " "
                        + bdev.get("num_blocks") + " " + bdev.get("block_size") + " "
                        + bdev.get("supported_io_types").get("write") + " " + bdev.get("driver_specific"));
            }
        }
        all.sort(Comparator.naturalOrder());
        assertThat(all.size()).isGreaterThanOrEqualTo(7);
        return all;
    }

    // ---- data ------------------------------------------------------------------------------------------------------

    private static byte[] random(long seed, int bytes) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    /** SPDK writes to a volume, in a process of its own that ends well. */
    private void spdkWrites(String lvol, byte[] data) throws Exception {
        Path file = Files.write(dir.resolve("in"), data);
        SpdkProgram.copies(config, "--if=" + file, "--ob=" + lvol);
    }

    private byte[] spdkReads(String lvol, int bytes) throws Exception {
        Path file = dir.resolve("out");
        Files.deleteIfExists(file);
        SpdkProgram.copies(config, "--ib=" + lvol, "--of=" + file);
        byte[] all = Files.readAllBytes(file);
        return Arrays.copyOf(all, bytes);
    }

    private static byte[] io(SpdkApp app, String lvol, byte[] data, boolean write) throws Exception {
        SpdkThread thread = app.appThread();
        BdevDesc desc = await(thread.call(() ->
                app.bdevs().open(lvol, write ? OpenMode.READ_WRITE : OpenMode.READ_ONLY, BdevEventListener.NONE)));
        byte[] found = new byte[data.length];
        try (DmaBuf buf = app.dmaPool().allocate(data.length, 4096)) {
            BdevChannel channel = await(thread.call(desc::openChannel));
            if (write) {
                buf.copyFrom(data);
                await(channel.writeAsync(buf, 0));
            } else {
                await(channel.readAsync(buf, 0));
                buf.copyTo(found);
            }
        } finally {
            desc.close();
            await(desc.closed());
        }
        return found;
    }

    // ---- both ways -------------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "unloaded: {0}")
    @ValueSource(booleans = {true, false})
    void whatSpdkMakesIsFoundHere(boolean unloaded) throws Exception {
        byte[] first = random(1, 3 * MIB + 512);
        byte[] second = random(2, MIB);
        byte[] third = random(3, 2 * MIB);
        try (SpdkProgram spdk = SpdkProgram.serve(dir, config)) {
            make(of(spdk));
            spdk.stop();
        }
        spdkWrites("lvs/thin", first);
        spdkWrites("lvs/thick", second);
        List<String> told;
        try (SpdkProgram spdk = SpdkProgram.serve(dir, config)) {
            makeMore(of(spdk));
            told = told(of(spdk));
            if (unloaded) {
                spdk.stop();
            }
        }
        try (SpdkApp app = java()) {
            assertThat(told(of(app))).isEqualTo(told);
            assertThat(io(app, "lvs/thin", first, false)).isEqualTo(first);
            assertThat(io(app, "lvs/snap1", first, false)).isEqualTo(first);
            assertThat(io(app, "lvs/thick", second, false)).isEqualTo(second);
            assertThat(io(app, "lvs/esnap", second, false)).containsOnly(0);
            io(app, "lvs/a clone by another name", third, true);
            io(app, "lvs/thin", second, true);
            told = told(of(app));
        }
        assertThat(spdkReads("lvs/a clone by another name", third.length)).isEqualTo(third);
        assertThat(spdkReads("lvs/thin", second.length)).isEqualTo(second);
        assertThat(spdkReads("lvs/snap2", first.length)).isEqualTo(first);
        try (SpdkProgram spdk = SpdkProgram.serve(dir, config)) {
            assertThat(told(of(spdk))).isEqualTo(told);
            spdk.stop();
        }
    }

    @ParameterizedTest(name = "unloaded: {0}")
    @ValueSource(booleans = {true, false})
    void whatIsMadeHereIsFoundBySpdk(boolean unloaded) throws Exception {
        byte[] first = random(4, 3 * MIB + 512);
        byte[] second = random(5, MIB);
        List<String> told;
        Path left = dir.resolve("left");
        try (SpdkApp app = java()) {
            make(of(app));
            io(app, "lvs/thin", first, true);
            makeMore(of(app));
            io(app, "lvs/a clone by another name", second, true);
            told = told(of(app));
            Files.copy(image, left);
        }
        if (!unloaded) {
            Files.move(left, image, StandardCopyOption.REPLACE_EXISTING);
        }
        try (SpdkProgram spdk = SpdkProgram.serve(dir, config)) {
            assertThat(told(of(spdk))).isEqualTo(told);
            Rpc rpc = of(spdk);
            rpc.call("bdev_lvol_inflate", Map.of("name", "lvs/a clone by another name"));
            rpc.call("bdev_lvol_delete", Map.of("name", "lvs/thick"));
            told = told(rpc);
            spdk.stop();
        }
        assertThat(spdkReads("lvs/thin", first.length)).isEqualTo(first);
        assertThat(spdkReads("lvs/a clone by another name", second.length)).isEqualTo(second);
        try (SpdkApp app = java()) {
            assertThat(told(of(app))).isEqualTo(told);
            assertThat(io(app, "lvs/thin", first, false)).isEqualTo(first);
            assertThat(io(app, "lvs/a clone by another name", second, false)).isEqualTo(second);
            Bdev aio = Objects.requireNonNull(app.bdevs().lookup("Aio0"));
            of(app).call("bdev_lvol_delete_lvstore", Map.of("lvs_name", "lvs"));
            assertThat(aio.claims()).isEmpty();
        }
        try (SpdkProgram spdk = SpdkProgram.serve(dir, config)) {
            assertThat(of(spdk).call("bdev_lvol_get_lvstores", null)).isEmpty();
        }
    }

    @Test
    void aStoreOfJavaStandsOnADeviceOfSpdk() throws Exception {
        SpdkApp app = NativeApp.get();
        String name = "LvolBase";
        NativeApp.make(
                name, "bdev_malloc_create", Map.of("name", name, "num_blocks", 16 * MIB / 512, "block_size", 512));
        byte[] data = random(6, MIB);
        LvolStores stores = LvolStores.of(app.bdevs());
        LvolStore store = await(stores.create(new LvolStoreOptions(name, "java").withClusterSize(65536)));
        Lvol lvol = await(store.create(LvolOptions.thin("lvol", 4 * MIB)));
        io(app, lvol.alias(), data, true);
        await(lvol.snapshot("snap"));
        await(store.unload());
        LvolStore again = await(stores.load(name));
        assertThat(io(app, "java/snap", data, false)).isEqualTo(data);
        assertThat(NativeApp.rpc("java_bdev_lvol_get_lvols", Map.of("lvs_name", "java"))
                        .size())
                .isEqualTo(2);
        await(again.delete());
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", name));
    }
}
