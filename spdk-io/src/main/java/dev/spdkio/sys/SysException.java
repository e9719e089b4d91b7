// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A system call that failed: which call, on what, with which {@code errno}, and what to do about it where that is
 * known.
 *
 * <p>The message reads {@code open("/x"): ENOENT (No such file or directory)}, followed by the remedy if there is one.
 * Operations that set something up throw it as a checked exception; hot-path operations, which fail only when something
 * is badly wrong, throw it inside an {@link java.io.UncheckedIOException}.
 */
public final class SysException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final String call;
    private final String object;
    private final int errno;

    /**
     * Describes a failed call.
     *
     * @param call the name of the system call, such as {@code open}
     * @param object what it was applied to, printed between the parentheses: a quoted path, {@code fd 7}, or sizes
     * @param errno the positive error number
     */
    public SysException(String call, String object, int errno) {
        this(call, object, errno, null);
    }

    /**
     * Describes a failed call and what the reader can do about it.
     *
     * @param call the name of the system call, such as {@code open}
     * @param object what it was applied to, printed between the parentheses
     * @param errno the positive error number
     * @param remedy cause and remedy as a sentence without a full stop, or null
     */
    public SysException(String call, String object, int errno, @Nullable String remedy) {
        super(call + "(" + object + "): " + Errno.name(errno) + " (" + Errno.description(errno) + ")"
                + (remedy == null ? "" : "; " + remedy));
        this.call = call;
        this.object = object;
        this.errno = errno;
    }

    /** The system call that failed, such as {@code open}. */
    public String call() {
        return call;
    }

    /** What the call was applied to, as it stands in the message. */
    public String object() {
        return object;
    }

    /** The positive error number; {@link Errno} has the names. */
    public int errno() {
        return errno;
    }
}
