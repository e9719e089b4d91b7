// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.aio;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import dev.spdkio.sys.SysException;
import java.nio.file.FileSystemException;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the error number behind an exception of {@code java.nio}, which carries only the system's text.
 *
 * <p>Thread rule: any thread.
 */
final class AioErrors {
    private static final int LARGEST = 133;

    private AioErrors() {}

    /** The positive number; EIO for what has none, which is also true where the system's texts are not English. */
    static int errno(Exception e) {
        return switch (e) {
            case SpdkException s when s.errno() > 0 -> s.errno();
            case SysException s -> s.errno();
            case FileSystemException f -> byText(f.getReason());
            default -> byText(e.getMessage());
        };
    }

    private static int byText(@Nullable String text) {
        return IntStream.rangeClosed(1, LARGEST)
                .filter(n -> Objects.equals(text, Errno.description(n)))
                .findFirst()
                .orElse(Errno.EIO);
    }
}
