// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.nvme.ControllerListener;
import dev.spdkio.nvme.ControllerOptions;
import dev.spdkio.nvme.ControllerState;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeDriver;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.nvme.NvmeQueuePair;
import dev.spdkio.nvme.QueuePairOptions;
import dev.spdkio.nvme.TransportId;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.time.Duration;

/** Connects an NVMe controller, and writes and reads the first block of its first namespace. */
public final class NvmeHost {
    private NvmeHost() {}

    /** Runs it; the words of the arguments are a transport id. */
    public static void main(String[] args) throws Exception {
        if (args.length == 0) {
            TransportId example = TransportId.tcp("127.0.0.1", 4420, "nqn.2016-06.io.spdk:cnode1");
            System.out.println(
                    "give the transport id of a controller whose first block may be overwritten, such as " + example);
            return;
        }
        TransportId id = TransportId.parse(String.join(" ", args));
        EnvOptions env = id.isFabrics() ? EnvOptions.DEFAULT.withoutHugepages().withoutPci() : EnvOptions.DEFAULT;
        try (SpdkApp app = SpdkApp.builder().engine(Engine.SPDK).env(env).start()) {
            // docs: nvme-connect
            NvmeDriver driver = NvmeDriver.of(app);
            SpdkThread thread = app.runtime().createThread("nvme");
            ControllerOptions options = ControllerOptions.builder()
                    .lossTimeout(Duration.ofMinutes(1))
                    .build();
            NvmeController controller = driver.connect(thread, id, options).join();
            System.out.println(controller.data());
            for (NvmeNamespace ns : controller.namespaces()) {
                System.out.println("namespace " + ns.id() + ": " + ns.data());
            }
            // docs: end
            // docs: nvme-listener
            controller.addListener(new ControllerListener() {
                @Override
                public void stateChanged(NvmeController c, ControllerState state) {
                    System.out.println(c + " is " + state);
                }
            });
            // docs: end
            NvmeNamespace ns = controller.namespaces().getFirst();
            try (DmaBuf buf = app.dmaPool().allocate(ns.blockSize())) {
                // docs: nvme-io
                thread.spawn("io", () -> {
                            try (NvmeQueuePair pair =
                                    Task.call(() -> controller.openQueuePair(QueuePairOptions.DEFAULT))) {
                                buf.segment().setString(0, "hello, namespace");
                                pair.write(ns, buf, 0, 1); // block 0, one block
                                pair.flush(ns);
                                buf.fill((byte) 0);
                                pair.read(ns, buf, 0, 1);
                                return buf.segment().getString(0);
                            }
                        })
                        .future()
                        .thenAccept(System.out::println)
                        .join();
                // docs: end
            }
            // docs: nvme-detach
            controller.detach().join();
            // docs: end
        }
    }
}
