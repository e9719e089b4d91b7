// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.SpdkApp;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What every NVMe driver promises: of controllers and their data, of I/O in its three styles, of misuse, of resets, and
 * of targets that are killed and come back.
 *
 * <p>A subclass starts an application with the driver's engine, and a target in another process.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class NvmeContract implements NvmeIoContract, NvmeMisuseContract, NvmeLossContract {
    private @Nullable SpdkApp app;
    private @Nullable NvmeTestTarget target;
    private @Nullable NvmeBed bed;

    /** An application whose engine has the driver. It is closed at the end. */
    protected abstract SpdkApp startApp() throws Exception;

    /** A target with its controller. It is closed at the end. */
    protected abstract NvmeTestTarget startTarget() throws Exception;

    @BeforeAll
    final void startBoth() throws Exception {
        app = startApp();
        target = startTarget();
    }

    @AfterAll
    final void closeBoth() throws Exception {
        try (SpdkApp a = app;
                NvmeTestTarget t = target) {
            // both are closed
        }
    }

    @BeforeEach
    final void makeBed() throws Exception {
        bed = new NvmeBed(Objects.requireNonNull(app), Objects.requireNonNull(target));
    }

    @AfterEach
    final void closeBed() throws Exception {
        bed().close();
    }

    @Override
    public final NvmeBed bed() {
        return Objects.requireNonNull(bed);
    }
}
