// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEvent;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.NvmeCommand;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.testkit.TestWorld;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is special about SPDK's NVMe devices in the hub: commands, and controllers that come, go and come back. */
@Timeout(120)
class NvmeBdevTest {
    private static final String LOSES = "does not survive that the target of a bdev_nvme device goes away";

    private static final int BLOCK = 512;
    private static final int IDENTIFY = 0x06;
    private static final int IDENTIFY_CONTROLLER = 1;
    private static final int SERIAL_NUMBER = 4;
    private static final int SERIAL_NUMBER_BYTES = 20;

    private NvmfTarget target;
    private BdevManager bdevs;
    private TestWorld world;
    private SpdkThread thread;
    private BdevDesc desc;
    private BdevChannel channel;
    private DmaBuf buf;
    private final List<BdevEvent> events = new ArrayList<>();

    /** The parameters of {@code bdev_nvme_attach_controller}. */
    static Map<String, Object> controller(String name, NvmfTarget target, Map<String, Object> more) {
        TransportId id = target.transportId();
        Map<String, Object> params = new HashMap<>(more);
        params.putAll(Map.of(
                "name",
                name,
                "trtype",
                "TCP",
                "adrfam",
                "ipv4",
                "traddr",
                id.traddr(),
                "trsvcid",
                id.trsvcid(),
                "subnqn",
                id.subnqn()));
        return params;
    }

    @BeforeEach
    void begin() throws Exception {
        bdevs = NativeApp.get().bdevs();
        world = TestWorld.of(NativeApp.get().runtime());
        target = NvmfTarget.start();
        thread = NativeApp.get().runtime().createThread("user");
        buf = NativeApp.get().dmaPool().allocate(4096);
    }

    @AfterEach
    void end() throws Exception {
        if (desc != null) {
            desc.close();
            world.await(desc.closed());
        }
        if (buf != null) {
            buf.close();
            world.await(thread.exit());
        }
        if (target != null) {
            if (bdevs.lookup("Remoten1") != null) {
                NativeApp.rpc("bdev_nvme_detach_controller", Map.of("name", "Remote"));
            }
            target.close();
        }
    }

    private Bdev attach(Map<String, Object> more) throws Exception {
        NativeApp.rpc("bdev_nvme_attach_controller", controller("Remote", target, more));
        return Objects.requireNonNull(bdevs.lookup("Remoten1"));
    }

    private void open(String name) {
        desc = world.on(
                thread,
                () -> bdevs.open(name, OpenMode.READ_WRITE, (event, d) -> {
                    events.add(event);
                    d.close();
                }));
        channel = world.on(thread, desc::openChannel);
    }

    private CompletableFuture<IoStatus> write(int value) {
        CompletableFuture<IoStatus> end = thread.runtime().newFuture();
        buf.fill((byte) value);
        world.run(thread, () -> channel.submitWrite(buf, 0, (status, _) -> end.complete(status), null));
        return end;
    }

    private byte firstByte() {
        CompletableFuture<IoStatus> end = thread.runtime().newFuture();
        buf.fill((byte) 0);
        world.run(thread, () -> channel.submitRead(buf, 0, (status, _) -> end.complete(status), null));
        assertThat(world.await(end)).isSameAs(IoStatus.SUCCESS);
        return buf.buffer().get(0);
    }

    @Test
    void commandsReachTheControllerAndTheNamespace() throws Exception {
        Bdev bdev = attach(Map.of());
        assertThat(bdev.blockSize()).isEqualTo(BLOCK);
        open(bdev.name());
        world.await(channel.nvmeAdminAsync(NvmeCommand.of(IDENTIFY).withCdw(10, IDENTIFY_CONTROLLER), buf));
        byte[] data = new byte[4096];
        buf.copyTo(data);
        assertThat(new String(data, SERIAL_NUMBER, SERIAL_NUMBER_BYTES, StandardCharsets.US_ASCII))
                .startsWith("SPDKIO0001");
        assertThat(world.await(write(7))).isSameAs(IoStatus.SUCCESS);
        NvmeCommand read = NvmeCommand.of(0x02).withCdw(12, 4096 / BLOCK - 1);
        buf.fill((byte) 0);
        world.await(channel.nvmeIoAsync(read, buf));
        assertThat(buf.buffer().get(0)).isEqualTo((byte) 7);
        assertThatThrownBy(() -> world.await(channel.nvmeAdminAsync(NvmeCommand.of(0xff), null)))
                .cause()
                .isInstanceOf(SpdkException.class)
                .hasMessageContainingAll("Remoten1", "sct 0x0 sc 0x1");
    }

    @Test
    void namespacesComeAndGo() throws Exception {
        attach(Map.of());
        target.addNamespace();
        world.awaitUntil("namespace 2 is there", () -> bdevs.lookup("Remoten2") != null);
        open("Remoten2");
        assertThat(world.await(write(9))).isSameAs(IoStatus.SUCCESS);
        assertThat(firstByte()).isEqualTo((byte) 9);
        target.removeNamespace();
        world.await(desc.closed());
        world.awaitUntil("namespace 2 is gone", () -> bdevs.lookup("Remoten2") == null);
        assertThat(events).containsExactly(BdevEvent.REMOVED);
    }

    @Test
    void aTargetThatComesBackFindsItsRequestsWaiting() throws Exception {
        NativeApp.assumeSince("v25.05", LOSES);
        Bdev bdev = attach(Map.of("ctrlr_loss_timeout_sec", 60, "reconnect_delay_sec", 1));
        open(bdev.name());
        assertThat(world.await(write(1))).isSameAs(IoStatus.SUCCESS);
        target.kill();
        CompletableFuture<IoStatus> waiting = write(2);
        target.restart();
        assertThat(world.await(waiting)).isSameAs(IoStatus.SUCCESS);
        assertThat(firstByte()).isEqualTo((byte) 2);
        assertThat(bdevs.lookup(bdev.name())).isSameAs(bdev);
        assertThat(events).isEmpty();
    }

    @Test
    void aTargetThatStaysAwayTakesItsDevicesAlong() throws Exception {
        NativeApp.assumeSince("v25.05", LOSES);
        Bdev bdev = attach(Map.of("ctrlr_loss_timeout_sec", 1, "reconnect_delay_sec", 1));
        open(bdev.name());
        assertThat(world.await(write(1))).isSameAs(IoStatus.SUCCESS);
        target.kill();
        CompletableFuture<IoStatus> lost = write(2);
        assertThat(world.await(lost).isSuccess()).isFalse();
        world.await(desc.closed());
        world.await(bdev.gone());
        assertThat(events).containsExactly(BdevEvent.REMOVED);
        assertThat(bdevs.lookup("Remoten1")).isNull();
    }
}
