// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.passthru;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOptions;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.bdev.split.SplitBdevModule;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.rpc.MethodCall;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Passthru and split by RPC: devices whose bases come later, go, and come again. */
class PassthruBdevTest {
    private static final UUID ID = UUID.fromString("11111111-2222-4333-8444-555555555555");

    private final SimulatedRuntime rt = SimulatedRuntime.create(1, 1);
    private final SpdkThread app = rt.createThread("app");
    private final DmaPool pool =
            DmaPool.builder().name("test").limitBytes(16 << 20).build();
    private final BdevManager bdevs = BdevManager.create(rt, app, pool, BdevOptions.DEFAULT);
    private final RpcRegistry rpc = new RpcRegistry();

    PassthruBdevTest() {
        bdevs.modules().add(new PassthruBdevModule());
        bdevs.modules().add(new SplitBdevModule());
        BdevRpc.register(rpc, bdevs);
        bdevs.modules().all().forEach(module -> module.register(rpc, bdevs));
        rpc.setState(RpcState.RUNTIME);
    }

    @AfterEach
    void close() {
        rt.await(bdevs.closeAsync());
        rt.close();
    }

    private String call(String method, String params) {
        JsonNode tree = JsonMapper.shared().readTree(params.replace('\'', '"'));
        return rt.await(rt.call(app, () -> rpc.call(method, tree))).toString();
    }

    private void malloc(String name) {
        rt.call(
                app,
                () -> MallocBdev.create(
                        bdevs,
                        new MallocBdevOptions(name, 512, 4096).withUuid(ID).withPrefault(false)));
    }

    private List<String> names() {
        return bdevs.bdevs().stream().map(Bdev::name).toList();
    }

    private Map<String, Object> info(String name) {
        Map<String, Object> out = new LinkedHashMap<>();
        bdevs.lookup(name).dumpInfo(out);
        return out;
    }

    private void remove(String name) {
        rt.await(rt.call(app, () -> bdevs.unregister(name)));
    }

    private List<String> saved() {
        return rt.call(
                app,
                () -> BdevRpc.config(bdevs).stream()
                        .map(MethodCall::method)
                        .filter(method -> method.endsWith("create"))
                        .toList());
    }

    @Test
    void aPassthruHasTheShapeOfItsBase() {
        malloc("M");
        assertThat(call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'P'}"))
                .isEqualTo("\"P\"");
        Bdev p = bdevs.lookup("P");
        assertThat(p.productName()).isEqualTo("passthru");
        assertThat(p.blockSize()).isEqualTo(512);
        assertThat(p.blockCount()).isEqualTo(4096);
        assertThat(p.writeCache()).isTrue();
        assertThat(p.uuid()).isEqualTo(UUID.fromString("04636583-270a-552b-bb7f-4b567401d48a"));
        assertThat(info("P")).isEqualTo(Map.of("passthru", Map.of("name", "P", "base_bdev_name", "M")));
        assertThat(bdevs.lookup("M").claims()).containsExactly(Claim.exclusiveWrite("passthru"));
        assertThat(call("bdev_get_bdevs", "{'name': 'M'}"))
                .contains("\"claimed\":true,\"claim_type\":\"exclusive_write\"");
        DmaBuf buf = pool.allocate(512);
        rt.await(rt.call(
                        app,
                        () -> bdevs.open("P", OpenMode.READ_WRITE, (_, desc) -> desc.close())
                                .openChannel())
                .writeAsync(buf, 0));
        buf.close();
        assertThat(rt.await(bdevs.lookup("M").stats()).write().ops()).isEqualTo(1);
        remove("P");
        assertThat(bdevs.lookup("M").claims()).isEmpty();
    }

    @Test
    void devicesAppearWithTheirBasesInChains() {
        assertThat(call("bdev_passthru_create", "{'base_bdev_name': 'P1', 'name': 'P2'}"))
                .isEqualTo("\"P2\"");
        assertThat(call("bdev_passthru_create", "{'base_bdev_name': 'Mp1', 'name': 'P1'}"))
                .isEqualTo("\"P1\"");
        assertThat(call("bdev_split_create", "{'base_bdev': 'M', 'split_count': 2}"))
                .isEqualTo("[]");
        assertThat(names()).isEmpty();
        assertThat(saved()).containsExactly("bdev_passthru_create", "bdev_passthru_create", "bdev_split_create");
        malloc("M");
        assertThat(names()).containsExactly("M", "Mp0", "Mp1", "P1", "P2");
        assertThat(saved())
                .containsExactly(
                        "bdev_split_create", "bdev_malloc_create", "bdev_passthru_create", "bdev_passthru_create");
        remove("M");
        assertThat(names()).isEmpty();
        malloc("M");
        assertThat(names()).as("a split is not made again").containsExactly("M");
        call("bdev_split_create", "{'base_bdev': 'M', 'split_count': 2}");
        assertThat(names()).containsExactly("M", "Mp0", "Mp1", "P1", "P2");
    }

    @Test
    void whatIsDeletedStaysAway() {
        call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'P'}");
        assertThatThrownBy(() -> call("bdev_passthru_create", "{'base_bdev_name': 'N', 'name': 'P'}"))
                .hasMessageContaining("waits for its base");
        assertThat(call("bdev_passthru_delete", "{'name': 'P'}")).isEqualTo("true");
        malloc("M");
        assertThat(names()).containsExactly("M");
        call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'P'}");
        assertThat(call("bdev_passthru_delete", "{'name': 'P'}")).isEqualTo("true");
        assertThat(names()).containsExactly("M");
        remove("M");
        malloc("M");
        assertThat(names()).containsExactly("M");
        assertThatThrownBy(() -> call("bdev_passthru_delete", "{'name': 'M'}")).hasMessageContaining("not a passthru");
        assertThatThrownBy(() -> call("bdev_passthru_delete", "{'name': 'P'}")).isInstanceOf(CompletionException.class);
    }

    @Test
    void whatCannotBeMadeIsForgotten() {
        malloc("M");
        call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'P'}");
        assertThatThrownBy(() -> call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'Q'}"))
                .hasMessageContaining("bdev M is claimed by [passthru (exclusive_write)]");
        assertThatThrownBy(() -> call("bdev_passthru_create", "{'base_bdev_name': 'P', 'name': 'M'}"))
                .hasMessageContaining("the name is taken");
        assertThatThrownBy(() -> call("bdev_passthru_create", "{'base_bdev_name': 'X', 'name': 'X'}"))
                .hasMessageContaining("cannot stand on itself");
        assertThat(saved()).containsExactly("bdev_malloc_create", "bdev_passthru_create");
        remove("P");
        call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'Q'}");
        assertThat(names()).containsExactly("M", "Q");
    }

    @Test
    void aPassthruGrowsWithItsBase() throws Exception {
        malloc("M");
        call("bdev_passthru_create", "{'base_bdev_name': 'M', 'name': 'P'}");
        bdevs.lookup("M").notifyBlockCount(8192);
        rt.runFor(Duration.ofMillis(5));
        assertThat(bdevs.lookup("P").blockCount()).isEqualTo(8192);
    }

    // ---- split -----------------------------------------------------------------------------------------------------

    @Test
    void partsAreNextToEachOther() {
        malloc("M");
        assertThat(call("bdev_split_create", "{'base_bdev': 'M', 'split_count': 4}"))
                .isEqualTo("[\"Mp0\",\"Mp1\",\"Mp2\",\"Mp3\"]");
        assertThat(bdevs.lookup("Mp3").blockCount()).isEqualTo(1024);
        assertThat(bdevs.lookup("Mp3").productName()).isEqualTo("Split Disk");
        assertThat(info("Mp3")).isEqualTo(Map.of("split", Map.of("base_bdev", "M", "offset_blocks", 3072L)));
        assertThat(bdevs.lookup("Mp3").uuid()).isNotEqualTo(bdevs.lookup("Mp2").uuid());
        assertThat(bdevs.lookup("M").claims()).containsExactly(Claim.exclusiveWrite("split"));
        assertThatThrownBy(() -> call("bdev_split_create", "{'base_bdev': 'M', 'split_count': 2}"))
                .hasMessageContaining("split already");
        assertThat(call("bdev_split_delete", "{'base_bdev': 'M'}")).isEqualTo("true");
        assertThat(names()).containsExactly("M");
        assertThat(bdevs.lookup("M").claims()).isEmpty();
        assertThatThrownBy(() -> call("bdev_split_delete", "{'base_bdev': 'M'}"))
                .hasMessageContaining("not split");
    }

    @Test
    void partsOfAGivenSizeAreAsManyAsFit() {
        malloc("M");
        assertThat(call("bdev_split_create", "{'base_bdev': 'M', 'split_count': 9, 'split_size_mb': 1}"))
                .isEqualTo("[\"Mp0\",\"Mp1\"]");
        assertThat(bdevs.lookup("Mp1").blockCount()).isEqualTo(2048);
        remove("Mp0");
        assertThat(bdevs.lookup("M").claims()).hasSize(1);
        remove("Mp1");
        rt.runFor(Duration.ofMillis(5));
        assertThat(bdevs.lookup("M").claims()).isEmpty();
        assertThat(saved()).containsExactly("bdev_malloc_create");
    }

    @Test
    void whatDoesNotFitIsRefusedAndLeavesNothing() {
        malloc("M");
        malloc2("Mp1");
        for (String wrong : List.of(
                "'split_count': 0 | at least 1",
                "'split_count': 5000 | too small for 5000 parts",
                "'split_count': 1, 'split_size_mb': 3 | too small for a part of 3 MiB",
                "'split_count': 1, 'split_size_mb': -1 | -1",
                "'split_count': 2 | cannot have the name Mp1")) {
            String[] parts = wrong.split(" \\| ");
            assertThatThrownBy(() -> call("bdev_split_create", "{'base_bdev': 'M', " + parts[0] + "}"))
                    .hasMessageContaining(parts[1]);
            rt.runFor(Duration.ofMillis(5));
            assertThat(names()).containsExactly("M", "Mp1");
            assertThat(bdevs.lookup("M").claims()).isEmpty();
        }
        assertThat(call("bdev_split_create", "{'base_bdev': 'none', 'split_count': 1}"))
                .isEqualTo("[]");
        assertThat(call("bdev_split_delete", "{'base_bdev': 'none'}")).isEqualTo("true");
    }

    private void malloc2(String name) {
        rt.call(app, () -> MallocBdev.create(bdevs, new MallocBdevOptions(name, 512, 8).withPrefault(false)));
    }

    @Test
    void examiningIsWaitedForByRpc() {
        assertThat(call("bdev_wait_for_examine", "{}")).isEqualTo("true");
        assertThatThrownBy(() -> call("bdev_examine", "{'name': 'M'}")).hasMessageContaining("bdev_auto_examine");
    }
}
