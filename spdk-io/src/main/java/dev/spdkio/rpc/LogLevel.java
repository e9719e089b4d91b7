// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

/** SPDK's log levels, the most urgent first. */
public enum LogLevel {
    /** Something failed. */
    ERROR,
    /** Something is not as it should be. */
    WARNING,
    /** Worth knowing; SPDK's default. The level INFO of {@link System.Logger}. */
    NOTICE,
    /** Details of normal operation. */
    INFO,
    /** Everything. */
    DEBUG
}
