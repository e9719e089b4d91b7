// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvmf.NvmfPollGroupStats;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.NvmfApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Tokens;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.spdk.runtime.Async;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A poll group of a target, with a thread of its own: it serves the queue pairs of hosts that SPDK gives to it.
 *
 * @param thread its thread, which ends with it
 * @param pointer the address of its {@code struct spdk_nvmf_poll_group}
 */
record PollGroup(SpdkThread thread, long pointer) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final long WRITE = Upcall.stub(
            MethodHandles.lookup(),
            PollGroup.class,
            "write",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            -1);

    /** Makes one on a new thread, which ends if that fails. */
    static CompletableFuture<PollGroup> create(SpdkThread thread, long target) {
        return thread.call(() -> {
            NativeThread.enter(thread);
            long pointer = NvmfApi.pollGroupCreate(target);
            if (pointer == 0) {
                var _ = thread.exit();
                throw new SpdkException(
                        Errno.ENOMEM,
                        "SPDK cannot make a poll group on " + thread + ": raise memorySize, or use fewer reactors");
            }
            thread.beginOperation();
            return new PollGroup(thread, pointer);
        });
    }

    /** Disconnects its hosts, and ends it and its thread. */
    CompletableFuture<Void> destroy() {
        CompletableFuture<Long> ended = new CompletableFuture<>();
        thread.sendInternal(() -> {
            NativeThread.enter(thread);
            var _ = Async.start(token -> NvmfApi.pollGroupDestroy(pointer, Async.STATUS, token))
                    .whenComplete((status, failure) -> Async.pass(status, failure, ended));
        });
        return ended.thenCompose(_ -> {
            thread.endOperation();
            return thread.exit();
        });
    }

    /** What it has done so far. */
    CompletableFuture<NvmfPollGroupStats> stats() {
        return thread.call(() -> {
            NativeThread.enter(thread);
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            long token = Tokens.put(text);
            NvmfApi.pollGroupDumpStat(pointer, WRITE, token);
            var _ = Tokens.take(token, ByteArrayOutputStream.class);
            JsonNode n = JSON.readTree(text.toByteArray());
            return new NvmfPollGroupStats(
                    thread.name(),
                    n.path("admin_qpairs").asLong(),
                    n.path("io_qpairs").asLong(),
                    n.path("current_admin_qpairs").asLong(),
                    n.path("current_io_qpairs").asLong(),
                    n.path("pending_bdev_io").asLong(),
                    n.path("completed_nvme_io").asLong());
        });
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int write(long token, long data, long bytes) {
        ByteArrayOutputStream text = Tokens.peek(token, ByteArrayOutputStream.class);
        if (text == null) {
            return -1;
        }
        text.writeBytes(Raw.segment(data, bytes).toArray(ValueLayout.JAVA_BYTE));
        return 0;
    }
}
