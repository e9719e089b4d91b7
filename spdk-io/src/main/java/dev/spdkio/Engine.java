// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

/** What drives the devices of an application. The same application code runs on each. */
public enum Engine {
    /** The complete stack in Java: nothing to install. */
    JAVA,
    /** SPDK itself, driven through the Foreign Function and Memory API: needs libspdk and the module spdk-io-native. */
    SPDK
}
