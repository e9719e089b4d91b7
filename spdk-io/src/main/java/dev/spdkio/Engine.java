// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

/** What drives the devices of an application. The same application code runs on each. */
public enum Engine {
    /** The complete stack in Java: nothing to install. */
    JAVA
}
