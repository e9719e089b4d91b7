// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.IoStatus;
import dev.spdkio.blob.Blob;
import dev.spdkio.blob.Blobstore;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.error.LimitExceededException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.runtime.SimulatedRuntime;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A channel whose requests are carried as the test says. */
class BlobChannelBaseTest {
    private static final int MOST = 4;

    private final SimulatedRuntime runtime = SimulatedRuntime.create(1, 1);
    private final SpdkThread thread = runtime.createThread("test");
    private final DmaPool pool = DmaPool.builder().name("test").build();
    private final DmaBuf buf = pool.allocate(4096);
    private final List<String> ends = new ArrayList<>();
    private final Blobstore store = fake(
            Blobstore.class,
            Map.of("options", BlobstoreOptions.DEFAULT.withLimits(1, MOST), "ioUnitSize", 512, "toString", "store"));
    private final Blob blob = fake(
            Blob.class,
            Map.of("store", store, "isOpen", true, "ioUnits", 100L, "isReadOnly", false, "toString", "blob"));
    private final Carrier channel = runtime.call(thread, Carrier::new);

    private static <T> T fake(Class<T> type, Map<String, Object> answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (_, method, _) -> answers.get(method.getName())));
    }

    private final class Carrier extends BlobChannelBase {
        final Deque<Integer> started = new ArrayDeque<>();
        int room = Integer.MAX_VALUE;
        boolean released;

        Carrier() {
            super(store, thread);
        }

        @Override
        protected void start(BlobRequest r) {
            if (started.size() >= room) {
                ended(r.slot(), IoStatus.aio(Errno.ENOMEM));
            } else {
                started.add(r.slot());
            }
        }

        @Override
        protected void release() {
            released = true;
        }

        void write(String name) {
            submitWrite(
                    blob,
                    buf,
                    0,
                    1,
                    (s, u) -> ends.add(u + (s.isSuccess() ? " ok" : " " + Errno.name(s.errno()))),
                    name);
        }

        void endNext(IoStatus status) {
            ended(started.remove(), status);
        }
    }

    @AfterEach
    void nothingIsInFlight() {
        run(() -> {
            channel.room = Integer.MAX_VALUE;
            channel.close();
        });
        assertThat(channel.released).isTrue();
        assertThat(channel.closed()).isCompleted();
        assertThat(buf.pins()).isZero();
        buf.close();
        pool.close();
        runtime.close();
    }

    /** Runs as the thread, and then the poller of the channel a few times. */
    private void run(Runnable r) {
        Object _ = runtime.call(thread, () -> {
            r.run();
            return null;
        });
        for (int i = 0; i < 4; i++) {
            boolean _ = runtime.poll(thread);
        }
    }

    @Test
    void tellsEachEndOnceAndNeverInsideTheSubmit() {
        run(() -> {
            channel.write("a");
            assertThat(buf.pins()).isEqualTo(1);
            channel.endNext(IoStatus.SUCCESS);
            channel.ended(0, IoStatus.SUCCESS);
            channel.ended(77, IoStatus.SUCCESS);
            assertThat(ends).isEmpty();
        });
        assertThat(ends).containsExactly("a ok");
    }

    @Test
    void moreThanTheStoreTakesWaitInOrder() {
        run(() -> {
            for (int i = 0; i < 10; i++) {
                channel.write("r" + i);
            }
            assertThat(channel.started).hasSize(MOST);
        });
        for (int i = 0; i < 10; i++) {
            run(() -> channel.endNext(IoStatus.SUCCESS));
        }
        assertThat(ends).hasSize(10).startsWith("r0 ok").endsWith("r9 ok");
    }

    @Test
    void whatFindsNoRoomIsStartedAgainButNotForEver() {
        channel.room = 1;
        run(() -> {
            channel.write("a");
            channel.write("b");
        });
        assertThat(ends).isEmpty();
        run(() -> channel.endNext(IoStatus.SUCCESS));
        assertThat(ends).containsExactly("a ok");
        assertThat(channel.started).hasSize(1);
        run(() -> channel.endNext(IoStatus.aio(Errno.EIO)));
        assertThat(ends).containsExactly("a ok", "b EIO");
        channel.room = 0;
        run(() -> channel.write("c"));
        assertThat(ends).hasSize(2);
        runtime.advance(Duration.ofSeconds(11));
        run(() -> {});
        assertThat(ends).endsWith("c ENOMEM");
    }

    @Test
    void waitsForTheLastRequestOfABlob() {
        List<String> drained = new ArrayList<>();
        run(() -> {
            channel.whenDrained(r -> r.blob == blob, () -> drained.add("at once"));
            channel.write("a");
            channel.write("b");
            channel.whenDrained(r -> r.blob == blob, () -> drained.add("later"));
            channel.endNext(IoStatus.SUCCESS);
        });
        assertThat(drained).containsExactly("at once");
        run(() -> channel.endNext(IoStatus.SUCCESS));
        assertThat(drained).containsExactly("at once", "later");
    }

    @Test
    void closesWhenTheLastRequestHasEnded() {
        run(() -> {
            channel.write("a");
            channel.close();
            assertThatThrownBy(() -> channel.write("b")).isInstanceOf(IllegalStateException.class);
        });
        assertThat(channel.released).isFalse();
        run(() -> channel.endNext(IoStatus.SUCCESS));
        assertThat(channel.released).isTrue();
    }

    @Test
    void requestsAreLimited() {
        run(() -> {
            for (int i = 0; i < dev.spdkio.blob.BlobChannel.MAX_REQUESTS; i++) {
                channel.write("");
            }
            assertThatThrownBy(() -> channel.write("one more"))
                    .isInstanceOf(LimitExceededException.class)
                    .hasMessageContaining("MAX_REQUESTS");
        });
        while (!channel.started.isEmpty()) {
            run(() -> {
                while (!channel.started.isEmpty()) {
                    channel.endNext(IoStatus.SUCCESS);
                }
            });
        }
        assertThat(ends).hasSize(dev.spdkio.blob.BlobChannel.MAX_REQUESTS);
    }
}
