// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Who may use whom in this module. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target", "classes"));

    @Test
    void looksAtTheRealClasses() {
        assertThat(CLASSES.contain(Spdk.class.getName())).isTrue();
    }

    @Test
    void onlyFfiLinksToC() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.spdkio.spdk.ffi..")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Linker.class, Linker.Option.class, SymbolLookup.class)
                .because("one package makes handles of C functions; the others say what they want")
                .check(CLASSES);
    }

    @Test
    void ffiKnowsNothingOfWhatStandsOnIt() {
        noClasses()
                .that()
                .resideInAPackage("dev.spdkio.spdk.ffi..")
                .should()
                .dependOnClassesThat(resideInAnyPackage("dev.spdkio.spdk.(*)..")
                        .and(JavaClass.Predicates.resideOutsideOfPackage("dev.spdkio.spdk.ffi..")))
                .check(CLASSES);
    }

    @Test
    void theLibraryNeverPrints() {
        noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .because("standard output belongs to the application; log through System.Logger")
                .check(CLASSES);
    }
}
