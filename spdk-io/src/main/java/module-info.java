// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * spdk-io for Java: user-space storage for the JVM, shaped like SPDK.
 */
@NullMarked
module dev.spdkio {
    requires static transitive org.jspecify;
    requires org.jctools.core.jdk11;
    requires tools.jackson.databind;

    exports dev.spdkio.error;
    exports dev.spdkio.runtime;
    exports dev.spdkio.sys;
}
