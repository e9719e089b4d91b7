// SPDX-License-Identifier: Apache-2.0
/**
 * The hub of block devices: what applications open and devices plug into. Stands for {@code lib/bdev}.
 *
 * <p>An application opens a device by name, takes a channel on each thread that does I/O, and submits:
 *
 * <pre>{@code
 * BdevDesc desc = bdevs.open("Malloc0", OpenMode.READ_WRITE, BdevEventListener.NONE);
 * BdevChannel channel = desc.openChannel();
 * channel.submitWrite(buf, 0, (status, data) -> {...}, null);   // calls back, allocates nothing
 * channel.readAsync(buf, 0).thenRun(() -> {...});               // composes
 * channel.read(buf, 0);                                         // waits, in a task
 * }</pre>
 *
 * <p>A device is a {@link dev.spdkio.bdev.BdevOps} that moves bytes, and a {@link dev.spdkio.bdev.BdevSpec} that says
 * what it demands. The hub stands between: it checks each request, splits what is too large or crosses a boundary,
 * bounces memory that is not aligned, makes what a device cannot do from what it can, queues what finds no room,
 * counts, and calls back on the thread that submitted, never inside the submit call. {@code dev.spdkio.bdev.malloc} and
 * {@code dev.spdkio.bdev.nullbdev} are the shortest examples of devices.
 *
 * <p>The ways of a request, for readers of the code: {@code BdevChannel} admits it and hands almost all straight to
 * {@code DeviceChannel}, which gives it to the device; {@code SplitIo} makes parts of those that cannot go as they are;
 * {@code BdevIo.complete} brings it back to {@code HubThread}, which ends it. The rarer types are in {@code
 * BdevCommands}: a {@code Command} is sent by {@code CommandRun} to the device, or to {@code EmulatedIo}.
 */
package dev.spdkio.bdev;
