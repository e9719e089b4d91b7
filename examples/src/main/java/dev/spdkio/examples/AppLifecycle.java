// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.error.SpdkException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Start, work, shutdown hooks, exit codes; again in the same JVM, and two at once. */
public final class AppLifecycle {
    private AppLifecycle() {}

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        // docs: app-run
        int code = SpdkApp.builder().name("first").run(app -> {
            System.out.println("running on " + app.appThread().name());
            app.stop(3); // asks for the end and returns at once
        });
        // docs: end
        System.out.println("ended with " + code);
        hooks();
        together();
        mistake();
    }

    private static void hooks() throws SpdkException {
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        try (SpdkApp app = SpdkApp.builder().name("second").start()) {
            // docs: app-hooks
            app.onShutdown(() -> order.add("storage closed"));
            app.onShutdown(() -> order.add("network closed")); // the last added runs first
            // docs: end
        }
        System.out.println(order);
    }

    private static void together() throws SpdkException {
        try (SpdkApp a = SpdkApp.builder().name("a").start();
                SpdkApp b = SpdkApp.builder().name("b").start()) {
            MallocBdev.create(a.bdevs(), new MallocBdevOptions("Malloc0", 512, 64));
            MallocBdev.create(b.bdevs(), new MallocBdevOptions("Malloc0", 512, 64)); // another device, of b
            System.out.println(
                    a.bdevs().bdevs().size() + " and " + b.bdevs().bdevs().size() + " devices");
        }
    }

    private static void mistake() {
        // docs: app-mistake
        try (SpdkApp app = SpdkApp.builder().configJson("{\"subsystems\": 1}").start()) {
            System.out.println(app + " must not start");
        } catch (SpdkException e) {
            System.out.println(e.getMessage());
        }
        // docs: end
    }
}
