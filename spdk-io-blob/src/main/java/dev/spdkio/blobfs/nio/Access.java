// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.FileOption;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a channel may do, and how its file is opened: the options, as the JDK understands them.
 *
 * @param synced every write is durable when it ends
 */
record Access(boolean read, boolean write, boolean append, boolean deleteOnClose, boolean synced, Set<FileOption> how) {

    /** Refuses options that are not known or contradict each other. */
    static Access of(Set<? extends OpenOption> options) {
        EnumSet<StandardOpenOption> set = EnumSet.noneOf(StandardOpenOption.class);
        for (OpenOption option : options) {
            if (option instanceof StandardOpenOption o) {
                set.add(o);
            } else if (option == null) {
                throw new NullPointerException("an option");
            } else if (option != LinkOption.NOFOLLOW_LINKS) {
                throw new UnsupportedOperationException("open option " + option + " is not known here");
            }
        }
        boolean append = set.contains(StandardOpenOption.APPEND);
        boolean write = append || set.contains(StandardOpenOption.WRITE);
        boolean read = !write || set.contains(StandardOpenOption.READ);
        boolean truncate = set.contains(StandardOpenOption.TRUNCATE_EXISTING);
        if (append && (read || truncate)) {
            throw new IllegalArgumentException("APPEND together with " + (read ? "READ" : "TRUNCATE_EXISTING"));
        }
        EnumSet<FileOption> how = EnumSet.noneOf(FileOption.class);
        if (write) {
            how.add(FileOption.WRITE);
            if (set.contains(StandardOpenOption.CREATE_NEW)) {
                how.add(FileOption.CREATE_NEW);
            } else if (set.contains(StandardOpenOption.CREATE)) {
                how.add(FileOption.CREATE);
            }
            if (truncate) {
                how.add(FileOption.TRUNCATE);
            }
        }
        return new Access(
                read,
                write,
                append,
                set.contains(StandardOpenOption.DELETE_ON_CLOSE),
                set.contains(StandardOpenOption.SYNC) || set.contains(StandardOpenOption.DSYNC),
                how);
    }

    boolean creates() {
        return how.contains(FileOption.CREATE) || createsNew();
    }

    boolean createsNew() {
        return how.contains(FileOption.CREATE_NEW);
    }
}
