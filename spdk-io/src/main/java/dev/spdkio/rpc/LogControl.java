// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import dev.spdkio.error.SpdkException;
import java.util.Map;

/**
 * How log levels are set at run time. {@link System.Logger} can only write, so this goes to the logging system behind
 * it.
 *
 * <p>{@link JulLogControl} is the one for the JDK's own; an application that logs elsewhere brings another. App thread.
 */
public interface LogControl {
    /** Messages at least this urgent are recorded. */
    LogLevel level();

    /** Sets {@link #level}. */
    void setLevel(LogLevel level) throws SpdkException;

    /** Messages at least this urgent are printed on the console. */
    LogLevel printLevel();

    /** Sets {@link #printLevel}. */
    void setPrintLevel(LogLevel level) throws SpdkException;

    /** The parts whose debug messages can be turned on by name, and whether they are. */
    Map<String, Boolean> flags();

    /** Turns the debug messages of one of {@link #flags} on or off. */
    void setFlag(String flag, boolean enabled) throws SpdkException;
}
