// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.ControllerListener;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeDriver;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.runtime.SpdkThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A controller under test, threads to use it from, and what it said. It waits for at most {@link #PATIENCE}. */
public final class NvmeBed implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    final SpdkApp app;
    final NvmeDriver driver;
    final NvmeTestTarget target;
    final SpdkThread thread;
    final BlockingQueue<ControllerState> states = new LinkedBlockingQueue<>();
    final BlockingQueue<List<Integer>> namespaces = new LinkedBlockingQueue<>();
    private final List<SpdkThread> threads = new ArrayList<>();
    private final List<NvmeController> controllers = new ArrayList<>();
    private final long openBefore;

    NvmeBed(SpdkApp app, NvmeTestTarget target) throws SpdkException {
        this.app = app;
        this.driver = NvmeDriver.of(app);
        this.target = target;
        this.openBefore = app.dmaPool().stats().openBuffers();
        this.thread = newThread("nvme-test");
    }

    SpdkThread newThread(String name) {
        SpdkThread t = app.runtime().createThread(name);
        threads.add(t);
        return t;
    }

    /** Options with which a test does not take long. */
    static ControllerOptions.Builder options() {
        return ControllerOptions.builder()
                .reconnectDelay(Duration.ofMillis(100))
                .lossTimeout(PATIENCE);
    }

    NvmeController connect() throws Exception {
        return connect(options().build());
    }

    NvmeController connect(ControllerOptions options) throws Exception {
        NvmeController c = await(driver.connect(thread, target.transportId(), options));
        controllers.add(c);
        c.addListener(new ControllerListener() {
            @Override
            public void stateChanged(NvmeController controller, ControllerState state) {
                states.add(state);
            }

            @Override
            public void namespacesChanged(NvmeController controller) {
                namespaces.add(
                        controller.namespaces().stream().map(NvmeNamespace::id).toList());
            }
        });
        return c;
    }

    NvmeQueuePair open(NvmeController c) throws Exception {
        return open(c, QueuePairOptions.DEFAULT);
    }

    NvmeQueuePair open(NvmeController c, QueuePairOptions options) throws Exception {
        return open(c, thread, options);
    }

    NvmeQueuePair open(NvmeController c, SpdkThread owner, QueuePairOptions options) throws Exception {
        return await(owner.call(() -> c.openQueuePair(options)));
    }

    static NvmeNamespace namespace(NvmeController c) {
        return c.namespace(1).orElseThrow();
    }

    DmaBuf buffer(long bytes) {
        return app.dmaPool().allocate(bytes);
    }

    DmaBuf filled(long bytes, int value) {
        DmaBuf b = buffer(bytes);
        b.fill((byte) value);
        return b;
    }

    <T> T on(Callable<T> body) throws Exception {
        return await(thread.call(body));
    }

    /** Runs in a task of the thread. */
    <T> T inTask(Callable<T> body) throws Exception {
        return await(thread.spawn("test", body).future());
    }

    void awaitState(ControllerState state) throws InterruptedException {
        ControllerState s;
        do {
            s = states.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(s).as("a change to " + state).isNotNull();
        } while (s != state);
    }

    static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Detaches everything, and looks whether all memory came back. */
    @Override
    public void close() throws Exception {
        for (NvmeController c : controllers) {
            await(c.detach());
            assertThat(c.state()).isEqualTo(ControllerState.DETACHED);
        }
        for (SpdkThread t : threads) {
            await(t.exit());
        }
        assertThat(app.dmaPool().stats().openBuffers()).as("open buffers").isEqualTo(openBefore);
    }
}
