// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/** All the bytes of devices of one size, in whole mebibytes. */
final class DeviceBytes {
    private static final int PIECE = 1 << 20;

    private interface Piece {
        void at(BdevChannel a, BdevChannel b, DmaBuf one, DmaBuf two, long offset) throws Exception;
    }

    private DeviceBytes() {}

    /** Copies a device as it is, whoever uses it. */
    static void copy(SpdkApp app, SpdkThread thread, Bdev from, Bdev to) throws Exception {
        both(app, thread, from, to, OpenMode.READ_WRITE, (in, out, one, two, at) -> {
            in.read(one, at);
            out.write(one, at);
        });
    }

    /** Fails where two devices differ. */
    static void same(SpdkApp app, SpdkThread thread, Bdev first, Bdev second, String where) throws Exception {
        both(app, thread, first, second, OpenMode.READ_ONLY, (a, b, one, two, at) -> {
            a.read(one, at);
            b.read(two, at);
            long mismatch = one.mismatch(two);
            if (mismatch >= 0) {
                long page = mismatch / 4096 * 4096;
                assertThat(two.segment().asSlice(page, 4096).toArray(ValueLayout.JAVA_BYTE))
                        .as("%s: the page at byte %d", where, at + page)
                        .isEqualTo(one.segment().asSlice(page, 4096).toArray(ValueLayout.JAVA_BYTE));
            }
        });
    }

    private static void both(SpdkApp app, SpdkThread thread, Bdev first, Bdev second, OpenMode mode, Piece body)
            throws Exception {
        boolean _ = thread.spawn("both", () -> {
                    BdevDesc a =
                            Task.call(() -> app.bdevs().open(first.name(), OpenMode.READ_ONLY, BdevEventListener.NONE));
                    BdevDesc b = Task.call(() -> app.bdevs().open(second.name(), mode, BdevEventListener.NONE));
                    try (BdevChannel in = a.openChannel();
                            BdevChannel out = b.openChannel();
                            DmaBuf one = app.dmaPool().allocate(PIECE);
                            DmaBuf two = app.dmaPool().allocate(PIECE)) {
                        for (long at = 0; at < first.sizeBytes(); at += PIECE) {
                            body.at(in, out, one, two, at);
                        }
                    } finally {
                        a.close();
                        b.close();
                        Task.await(a.closed());
                        Task.await(b.closed());
                    }
                    return true;
                })
                .future()
                .get(60, TimeUnit.SECONDS);
    }
}
