// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.lifecycle;

import dev.spdkio.SpdkApp;
import dev.spdkio.spdk.lifecycle.Child.Opened;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Starts and stops an application several times, and says what that changed in the process. */
final class Restart {
    private static final int TIMES = 5;
    private static final String CONFIG = """
            {"subsystems": [{"subsystem": "bdev", "config": [{"method": "bdev_malloc_create",
              "params": {"name": "Malloc0", "num_blocks": 8192, "block_size": 512}}]}]}
            """;

    private Restart() {}

    public static void main(String[] args) throws Exception {
        Map<Long, String> cores = threads("Cpus_allowed_list");
        String mask = status(Path.of("/proc/self/status"), "Cpus_allowed_list");
        String signals = status(Path.of("/proc/self/status"), "SigCgt");
        for (int i = 0; i < TIMES; i++) {
            try (SpdkApp app = Child.builder().configJson(CONFIG).start()) {
                Opened o = Child.open(app, app.runtime().createThread("owner"), "Malloc0");
                Child.read(app, o);
                Child.say("bdevs " + Child.rpc(app, "bdev_get_bdevs", Map.of()).size());
                o.desc().close();
                Map<Long, String> now = threads("Cpus_allowed_list");
                Map<Long, String> names = threads("Name");
                now.forEach((tid, list) -> {
                    String name = names.getOrDefault(tid, "");
                    if (!list.equals(cores.getOrDefault(tid, mask)) && !isPinned(name)) {
                        Child.say("moved " + name + " to " + list);
                    }
                });
            }
        }
        String after = status(Path.of("/proc/self/status"), "SigCgt");
        Child.say(signals.equals(after) ? "signals unchanged" : "signals " + signals + " became " + after);
        Child.say("done");
    }

    /** Reactors, and what SPDK and DPDK start for themselves. */
    private static boolean isPinned(String thread) {
        return Stream.of("reactor_", "dpdk-", "rte_", "eal-", "spdk-env").anyMatch(thread::startsWith);
    }

    private static Map<Long, String> threads(String field) throws IOException {
        Map<Long, String> values = new TreeMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : (Iterable<Path>) tasks::iterator) {
                try {
                    values.put(Long.parseLong(task.getFileName().toString()), status(task.resolve("status"), field));
                } catch (NoSuchFileException e) {
                    Child.say("thread " + task.getFileName() + " has ended meanwhile");
                }
            }
        }
        return values;
    }

    private static String status(Path file, String field) throws IOException {
        return Files.readAllLines(file).stream()
                .filter(l -> l.startsWith(field + ":"))
                .findFirst()
                .orElseThrow()
                .substring(field.length() + 1)
                .strip();
    }
}
