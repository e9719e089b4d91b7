// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.TaskScheduling;
import dev.spdkio.sys.Platform;
import java.util.ArrayList;
import java.util.List;

/** What this JVM is and may do. */
final class JvmChecks {
    private static final int JDK = 25;

    private JvmChecks() {}

    static List<Check> all() {
        List<Check> checks = new ArrayList<>();
        checks.add(jdk());
        checks.add(nativeAccess());
        checks.add(taskScheduling());
        checks.add(cores());
        return checks;
    }

    private static Check jdk() {
        String found = "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name") + " ("
                + System.getProperty("java.vendor") + ")";
        return Runtime.version().feature() >= JDK
                ? Check.ok("JDK", found)
                : Check.missing("JDK", found, "install a JDK " + JDK);
    }

    private static Check nativeAccess() {
        String cause = Platform.unavailabilityCause();
        return cause == null
                ? Check.ok("native access", "enabled")
                : Check.missing("native access", "calls to the C library are not possible", cause);
    }

    private static Check taskScheduling() {
        String cause = TaskScheduling.reactorUnavailabilityCause();
        return cause == null
                ? Check.ok("tasks", "scheduled by the reactors themselves")
                : Check.warn("tasks", "scheduled by the JDK beside the reactors: straight-line I/O costs more", cause);
    }

    private static Check cores() {
        int usable = Cores.count();
        int seenByJvm = Runtime.getRuntime().availableProcessors();
        String found = usable + " usable: " + Cores.available().toListString();
        if (seenByJvm < usable) {
            return Check.warn(
                    "cores",
                    found + ", but a CPU quota allows the time of " + seenByJvm,
                    "run at most " + seenByJvm + " busy reactors, or raise the quota of the container (cpu.max)");
        }
        return usable > 1
                ? Check.ok("cores", found)
                : Check.warn("cores", found, "one reactor shares its core with everything else; allow more cores");
    }
}
