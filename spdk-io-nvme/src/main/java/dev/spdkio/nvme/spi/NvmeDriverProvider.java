// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.nvme.spi;

import dev.spdkio.Engine;
import dev.spdkio.SpdkApp;
import dev.spdkio.nvme.NvmeDriver;

/** Brings the NVMe driver of an engine. Found by {@link java.util.ServiceLoader}. */
public interface NvmeDriverProvider {
    /** Whose driver it is. */
    Engine engine();

    /** The driver of an application that runs on {@link #engine}. */
    NvmeDriver driver(SpdkApp app);
}
