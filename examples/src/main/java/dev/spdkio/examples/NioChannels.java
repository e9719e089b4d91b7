// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BlockDevice;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;

/** A block device as a file of fixed size: code that knows channels and streams works on it, at any byte. */
public final class NioChannels {
    private NioChannels() {}

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        try (SpdkApp app = SpdkApp.builder().start()) {
            MallocBdev.create(app.bdevs(), new MallocBdevOptions("Malloc0", 512, 1024));
            // docs: nio-channel
            try (BlockDevice device = BlockDevice.open(app.bdevs(), "Malloc0", OpenMode.READ_WRITE);
                    SeekableByteChannel channel = device.channel()) {
                channel.position(500); // no multiple of anything
                PrintStream out = new PrintStream(Channels.newOutputStream(channel), true, StandardCharsets.UTF_8);
                out.println("a line that crosses the border of a block");
                device.flush();

                channel.position(500);
                BufferedReader in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
                System.out.println(in.readLine());
            }
            // docs: end
        }
    }
}
