// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.runtime.SimulatedRuntime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A simulated world with one device in memory, {@code Base0}, to stand on, and RPC methods. */
@Timeout(60)
abstract class VirtualBdevTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final SimulatedRuntime simulation = SimulatedRuntime.create(2, 1);
    private final RpcRegistry rpc = new RpcRegistry();
    TestWorld world;
    BdevBed bed;

    @BeforeEach
    final void open() throws SpdkException {
        world = TestWorld.of(simulation);
        bed = new BdevBed(world, b -> b.manager().unregister(b));
        bed.use(Stacked.base(bed.bdevs(), blockSize()));
        BdevModule module = module();
        bed.bdevs().modules().add(module);
        module.register(rpc, bed.bdevs());
        rpc.setState(RpcState.RUNTIME);
    }

    @AfterEach
    final void close() {
        bed.close();
        world.close();
    }

    int blockSize() {
        return 512;
    }

    abstract BdevModule module();

    /** Makes the device under test, on the app thread. */
    final Bdev make(Callable<Bdev> maker) {
        Bdev bdev = world.on(bed.app(), maker);
        bed.use(bdev);
        return bdev;
    }

    final Bdev find(String name) {
        Bdev bdev = bed.bdevs().lookup(name);
        Assertions.assertThat(bdev).as("bdev %s", name).isNotNull();
        return bdev;
    }

    final void elapse(Duration time) {
        simulation.runFor(time);
    }

    final JsonNode call(String method, Map<String, ?> params) {
        try {
            return world.await(world.on(bed.app(), () -> rpc.call(method, JSON.valueToTree(params))));
        } catch (CompletionException e) {
            throw new AssertionError(method + params, e.getCause());
        }
    }

    final void assertRefused(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .rootCause()
                .isInstanceOfSatisfying(
                        SpdkException.class,
                        e -> Assertions.assertThat(e.errno()).isEqualTo(errno));
    }

    final void assertRpcRefused(int code, String method, Map<String, ?> params) {
        assertThatThrownBy(() -> call(method, params))
                .cause()
                .isInstanceOfSatisfying(
                        RpcException.class, e -> Assertions.assertThat(e.code()).isEqualTo(code));
    }

    final byte[] contentOf(BdevChannel channel, long block, int count) {
        var in = bed.buf((long) count * blockSize(), 0);
        bed.good(channel, (c, u) -> channel.submitReadBlocks(in, block, count, c, u));
        return BdevBed.bytes(in);
    }
}
