// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.lang.module.ModuleDescriptor;
import picocli.CommandLine.IVersionProvider;

/** What {@code spdkio --version} prints. */
public final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {
            "spdkio " + ownVersion(),
            "Java %s (%s)".formatted(System.getProperty("java.vm.version"), System.getProperty("java.vendor")),
            "%s %s %s"
                    .formatted(
                            System.getProperty("os.name"),
                            System.getProperty("os.version"),
                            System.getProperty("os.arch")),
        };
    }

    /** The compiler writes the version into the module descriptor; on the class path there is none. */
    private static String ownVersion() {
        ModuleDescriptor self = Main.class.getModule().getDescriptor();
        return self == null ? "(unknown version)" : self.rawVersion().orElse("(unknown version)");
    }
}
