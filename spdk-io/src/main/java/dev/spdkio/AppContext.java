// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.memory.DmaPool;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.SpdkRuntime;
import dev.spdkio.runtime.SpdkThread;

/** The parts of a running application. */
record AppContext(SpdkRuntime runtime, SpdkThread appThread, DmaPool pool, BdevManager bdevs, RpcRegistry rpc) {}
