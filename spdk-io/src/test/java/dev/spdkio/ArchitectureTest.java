// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who may use whom. A package that does not exist yet has no classes to break its rule. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target", "classes"));

    /** What links Java to C. Plain memory (MemorySegment, Arena, ValueLayout) is free for all. */
    private static final Set<String> LINKING = Set.of(
            Linker.class.getName(),
            Linker.Option.class.getName(),
            SymbolLookup.class.getName(),
            FunctionDescriptor.class.getName());

    @Test
    void looksAtTheRealClasses() {
        assertThat(CLASSES.contain("dev.spdkio.runtime.CpuSet")).isTrue();
    }

    @Test
    void onlySysLinksToC() {
        DescribedPredicate<JavaClass> linking = describe("FFM linking types", type -> LINKING.contains(type.getName()));
        check(noClasses()
                .that()
                .resideOutsideOfPackage("dev.spdkio.sys..")
                .should()
                .dependOnClassesThat(linking)
                .because("one package holds every downcall, so that the rest can be read without knowing C"));
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().matching("dev.spdkio.(*)..").should().beFreeOfCycles());
    }

    @Test
    void sysStandsAlone() {
        check(mayUseOnly("dev.spdkio.sys.."));
    }

    @Test
    void runtimeStandsOnSys() {
        check(mayUseOnly("dev.spdkio.runtime..", "dev.spdkio.error..", "dev.spdkio.sys.."));
    }

    @Test
    void memoryStandsOnRuntimeAndSys() {
        check(mayUseOnly("dev.spdkio.memory..", "dev.spdkio.runtime..", "dev.spdkio.error..", "dev.spdkio.sys.."));
    }

    @Test
    void requestsStandOnMemoryAndRuntime() {
        check(mayUseOnly("dev.spdkio.request..", "dev.spdkio.memory..", "dev.spdkio.runtime..", "dev.spdkio.error.."));
    }

    @Test
    void rpcStandsOnRuntime() {
        check(mayUseOnly("dev.spdkio.rpc..", "dev.spdkio.runtime..", "dev.spdkio.error.."));
    }

    @Test
    void bdevStandsOnMemoryRuntimeSysAndItsModulesOnRpc() {
        check(mayUseOnly(
                "dev.spdkio.bdev..",
                "dev.spdkio.rpc..",
                "dev.spdkio.memory..",
                "dev.spdkio.runtime..",
                "dev.spdkio.error..",
                "dev.spdkio.sys.."));
    }

    @Test
    void theLibraryNeverPrints() {
        check(noClasses()
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .because("standard output belongs to the application; log through System.Logger"));
    }

    /** The first package may use itself, the others named, and whatever is not ours. */
    private static ArchRule mayUseOnly(String owner, String... below) {
        DescribedPredicate<JavaClass> ours = resideInAnyPackage("dev.spdkio..");
        DescribedPredicate<JavaClass> allowed = resideInAnyPackage(owner).or(resideInAnyPackage(below));
        return noClasses().that().resideInAPackage(owner).should().dependOnClassesThat(ours.and(not(allowed)));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
