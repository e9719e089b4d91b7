// SPDX-License-Identifier: Apache-2.0
/**
 * The way in: {@link dev.spdkio.SpdkApp} puts reactors, memory, block devices, configuration and RPC together.
 *
 * <pre>{@code
 * try (SpdkApp app = SpdkApp.builder().name("hello").configJson(config).start();
 *         BlockDevice device = BlockDevice.open(app.bdevs(), "Malloc0")) {
 *     device.write(data, 0);
 *     device.flush();
 * }
 * }</pre>
 */
package dev.spdkio;
