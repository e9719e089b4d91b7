// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What this module may use. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target", "classes"));

    @Test
    void linksToNothingOfC() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class, Linker.Option.class, SymbolLookup.class, FunctionDescriptor.class)
                .because("who keeps a store, and with what, stands behind the interfaces here")
                .check(CLASSES);
    }

    @Test
    void printsNothing() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(CLASSES);
    }
}
