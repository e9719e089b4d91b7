// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import org.jspecify.annotations.Nullable;

/** A fault in a configuration, with its place: file, line, column and JSON path. */
public final class ConfigException extends SpdkException {
    private static final long serialVersionUID = 1L;
    private static final int EINVAL = 22;

    private final String source;
    private final int line;
    private final int column;
    private final String path;

    ConfigException(String source, ConfigText.Place place, String path, String problem, @Nullable Throwable cause) {
        super(EINVAL, format(source, place, path, problem));
        if (cause != null) {
            initCause(cause);
        }
        this.source = source;
        this.line = place.line();
        this.column = place.column();
        this.path = path;
    }

    private static String format(String source, ConfigText.Place place, String path, String problem) {
        String where = place.line() > 0 ? source + ":" + place.line() + ":" + place.column() : source;
        return where + ": " + (path.isEmpty() ? "" : path + ": ") + problem;
    }

    /** The file, or whatever else the configuration was read from. */
    public String source() {
        return source;
    }

    /** The line, from 1; 0 if the configuration was not read from text. */
    public int line() {
        return line;
    }

    /** The column, from 1; 0 if the configuration was not read from text. */
    public int column() {
        return column;
    }

    /** Where in the tree, for example {@code subsystems[0].config[2].params.block_size}; empty for the whole. */
    public String path() {
        return path;
    }
}
