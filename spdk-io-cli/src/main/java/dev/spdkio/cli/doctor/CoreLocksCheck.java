// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The cores that applications of SPDK hold: each locks a file a core, and another one does not start on it. */
final class CoreLocksCheck {
    private static final Pattern FILE = Pattern.compile("spdk_cpu_lock_0*(\\d+)");
    /** {@code 1: POSIX ADVISORY WRITE 4711 fd:00:123456 0 EOF}: who, and the inode of the file. */
    private static final Pattern LOCK = Pattern.compile("\\d+: POSIX +\\w+ +WRITE +(\\d+) +\\w+:\\w+:(\\d+) .*");

    private final SysFiles sys;

    CoreLocksCheck(Path root) {
        this.sys = new SysFiles(root);
    }

    Check check() {
        List<String> held = new ArrayList<>();
        for (Path file : sys.list("var/tmp")) {
            Matcher name = FILE.matcher(String.valueOf(file.getFileName()));
            if (name.matches()) {
                String owner = owner(file);
                if (!owner.isEmpty()) {
                    held.add("core " + name.group(1) + " by process " + owner);
                }
            }
        }
        return held.isEmpty()
                ? Check.ok("core locks", "none held by an application of SPDK")
                : Check.warn(
                        "core locks",
                        String.join(", ", held),
                        "an application of SPDK polls there: give reactors other cores, or stop it");
    }

    /** Who holds the lock; empty for nobody, since the file stays behind when its application ends. */
    private String owner(Path file) {
        String inode;
        try {
            inode = String.valueOf(Files.getAttribute(file, "unix:ino"));
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
        for (String line : sys.text("proc/locks").split("\\R")) {
            Matcher lock = LOCK.matcher(line);
            if (lock.matches() && lock.group(2).equals(inode)) {
                return lock.group(1);
            }
        }
        return "";
    }
}
