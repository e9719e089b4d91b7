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
 * <p>A subclass has an application with the driver's engine, and starts a target in another process.
 */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class NvmeContract implements NvmeIoContract, NvmeMisuseContract, NvmeLossContract {
    private @Nullable NvmeTestTarget target;
    private @Nullable NvmeBed bed;

    /** A running application whose engine has the driver. It may be shared, and is not closed here. */
    protected abstract SpdkApp app() throws Exception;

    /** A target with its controller. It is closed at the end. */
    protected abstract NvmeTestTarget startTarget() throws Exception;

    @BeforeAll
    final void startItsTarget() throws Exception {
        target = startTarget();
    }

    @AfterAll
    final void closeItsTarget() throws Exception {
        if (target != null) {
            target.close();
        }
    }

    @BeforeEach
    final void makeBed() throws Exception {
        bed = new NvmeBed(app(), Objects.requireNonNull(target));
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
