// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.LibSpdk;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** With SPDK where there is one; without, it says why. */
class SpdkTest {

    @Test
    void eitherIsAvailableOrSaysWhyNot() {
        assertThat(Spdk.unavailabilityCause().isEmpty()).isEqualTo(Spdk.isAvailable());
        assertThat(Spdk.leftOut()).containsKey("spdk_scheduler_dynamic").doesNotContainKey("spdk_event_bdev");
        if (!Spdk.isAvailable()) {
            Throwable cause = Spdk.unavailabilityCause().orElseThrow();
            assertThat(cause).hasMessageContaining("SPDK");
            assertThatThrownBy(Spdk::version)
                    .isInstanceOf(SpdkUnavailableException.class)
                    .hasMessageContaining(String.valueOf(cause.getMessage()));
        }
    }

    @Test
    void theMessageNamesManyProblemsAndTheExceptionAll() {
        List<String> problems =
                IntStream.range(0, 50).mapToObj(i -> "symbol f" + i).toList();
        SpdkUnavailableException e = new SpdkUnavailableException("SPDK cannot be loaded", "install it", problems);
        assertThat(e)
                .hasMessageStartingWith("SPDK cannot be loaded: install it\n  - symbol f0\n")
                .hasMessageEndingWith("\n  - symbol f39\n  - and 10 more");
        assertThat(e.problems()).isEqualTo(problems);
    }

    @Test
    void loadsEverythingThatTheEngineNeeds() {
        assumeSpdk();
        assertThat(Spdk.version()).matches("v\\d\\d\\.\\d\\d");
        assertThat(Files.isDirectory(Spdk.libraryDirectory())).isTrue();
        LibSpdk lib = LibSpdk.get();
        assertThat(lib.find("spdk_bdev_read_blocks")).isPresent();
        assertThat(lib.find("spdk_nvmf_tgt_create")).isPresent();
        assertThat(lib.find("rte_eal_init")).isPresent();
        assertThat(lib.find("no_such_function")).isEmpty();
        assertThatThrownBy(() -> lib.symbol("no_such_function"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(Spdk.version(), "no_such_function");
    }

    /** SPDK fills as many bytes as it is told, and writes their number: the table and the library agree. */
    @Test
    void theTableDescribesTheLibrary() throws Throwable {
        assumeSpdk();
        AbiTable abi = AbiTable.get();
        assertThat(filledSize("spdk_bdev_get_opts", "spdk_bdev_opts", "opts_size"))
                .isEqualTo(abi.sizeOf("spdk_bdev_opts"));
        assertThat(filledSize("spdk_bs_opts_init", "spdk_bs_opts", "opts_size")).isEqualTo(abi.sizeOf("spdk_bs_opts"));
        assertThat(filledSize("spdk_blob_opts_init", "spdk_blob_opts", "opts_size"))
                .isEqualTo(abi.sizeOf("spdk_blob_opts"));
    }

    /** These only fill the structure; nothing needs to be initialised for it. */
    private static long filledSize(String function, String struct, String field) throws Throwable {
        AbiTable abi = AbiTable.get();
        MethodHandle fill = Linker.nativeLinker()
                .downcallHandle(
                        LibSpdk.get().symbol(function),
                        FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment opts = arena.allocate(abi.sizeOf(struct) + 64);
            fill.invokeExact(opts, abi.sizeOf(struct));
            return opts.get(ValueLayout.JAVA_LONG_UNALIGNED, abi.offset(struct, field));
        }
    }

    private static void assumeSpdk() {
        assumeTrue(
                Spdk.isAvailable(),
                () -> Spdk.unavailabilityCause().orElseThrow().getMessage());
    }
}
