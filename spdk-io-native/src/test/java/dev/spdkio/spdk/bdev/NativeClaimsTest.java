// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.spdk.NativeApp;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.runtime.NativeThread;
import dev.spdkio.sys.Errno;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Claims on SPDK's devices, which hold among SPDK's modules too; and what else they say of themselves. */
@Timeout(60)
class NativeClaimsTest {
    private static final String NAME = "Claimed";
    private static final String UPPER = "OnClaimed";

    @SuppressWarnings("NullAway.Init")
    private SpdkApp app;

    @SuppressWarnings("NullAway.Init")
    private Bdev bdev;

    @BeforeEach
    void start() throws Exception {
        app = NativeApp.get();
        bdev = NativeApp.make(NAME, "bdev_malloc_create", Map.of("name", NAME, "num_blocks", 1024, "block_size", 512));
    }

    @AfterEach
    void stop() throws Exception {
        NativeApp.rpc("bdev_malloc_delete", Map.of("name", NAME));
        await(bdev.gone());
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private <T> T onApp(Callable<T> body) throws Exception {
        return await(app.appThread().call(body));
    }

    private BdevDesc open(OpenMode mode) throws Exception {
        return onApp(() -> app.bdevs().open(NAME, mode, BdevEventListener.NONE));
    }

    private void claim(BdevDesc desc, Claim claim) throws Exception {
        var _ = onApp(() -> {
            desc.claim(claim);
            return true;
        });
    }

    private static void close(BdevDesc desc) throws Exception {
        desc.close();
        await(desc.closed());
    }

    private static JsonNode shown() throws Exception {
        return NativeApp.rpc("bdev_get_bdevs", Map.of("name", NAME)).get(0);
    }

    private static void refused(ThrowingCallable call) {
        assertThatThrownBy(call)
                .rootCause()
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM))
                .hasMessageContaining("a module of SPDK");
    }

    @Test
    @DisplayName("a claim of the hub is seen by SPDK, keeps its modules away, and ends with its descriptor")
    void claimsHoldInSpdk() throws Exception {
        assertThat(shown().get("claimed").booleanValue()).isFalse();
        BdevDesc desc = open(OpenMode.READ_ONLY);
        claim(desc, Claim.exclusiveWrite("raid"));
        assertThat(desc.mode()).isEqualTo(OpenMode.READ_WRITE);
        assertThat(shown().get("claimed").booleanValue()).isTrue();
        assertThat(shown().get("claim_type").stringValue()).isEqualTo("exclusive_write");
        long stranger = onApp(() -> {
            NativeThread.enter();
            return BdevApi.open(NAME, true, NativeBdevs.EVENT, 0);
        });
        assertThat(BdevApi.errno(stranger)).as("a writer in SPDK").isEqualTo(Errno.EPERM);
        BdevChannel channel = onApp(desc::openChannel);
        try (DmaBuf buf = app.dmaPool().allocate(512, 4096)) {
            await(channel.writeAsync(buf, 0));
        }
        close(desc);
        assertThat(shown().get("claimed").booleanValue()).isFalse();

        BdevDesc one = open(OpenMode.READ_ONLY);
        claim(one, Claim.of("blobstore", ClaimType.READ_MANY_WRITE_ONE));
        assertThat(shown().get("claim_type").stringValue()).isEqualTo("read_many_write_one");
        close(one);
        assertThat(shown().get("claimed").booleanValue()).isFalse();
    }

    @Test
    @DisplayName("a claim that is given up lets others come")
    void releasedClaims() throws Exception {
        BdevDesc desc = open(OpenMode.READ_ONLY);
        claim(desc, Claim.exclusiveWrite("raid"));
        var _ = onApp(() -> {
            desc.releaseClaim();
            return true;
        });
        assertThat(shown().get("claimed").booleanValue()).isFalse();
        close(desc);
    }

    @Test
    @DisplayName("several writers share a claim by its key")
    void sharedClaims() throws Exception {
        Claim shared = new Claim("pool", ClaimType.READ_MANY_WRITE_SHARED, 7);
        BdevDesc first = open(OpenMode.READ_ONLY);
        BdevDesc second = open(OpenMode.READ_ONLY);
        claim(first, shared);
        claim(second, shared);
        BdevChannel channel = onApp(second::openChannel);
        try (DmaBuf buf = app.dmaPool().allocate(512, 4096)) {
            await(channel.writeAsync(buf, 0));
        }
        close(first);
        assertThat(shown().get("claimed").booleanValue()).isTrue();
        close(second);
        assertThat(shown().get("claimed").booleanValue()).isFalse();
    }

    @Test
    @DisplayName("what a module of SPDK has claimed is refused, and the hub forgets that it was asked for")
    void claimsOfSpdk() throws Exception {
        NativeApp.rpc("bdev_passthru_create", Map.of("name", UPPER, "base_bdev_name", NAME));
        BdevDesc desc = open(OpenMode.READ_ONLY);
        refused(() -> claim(desc, Claim.exclusiveWrite("raid")));
        assertThat(bdev.claims()).isEmpty();
        assertThat(desc.mode()).isEqualTo(OpenMode.READ_ONLY);
        close(desc);
        NativeApp.rpc("bdev_passthru_delete", Map.of("name", UPPER));
    }

    @Test
    @DisplayName("the hub knows the metadata and the protection of SPDK's devices")
    void metadata() throws Exception {
        String name = NAME + "Metadata";
        Bdev protectedBdev = NativeApp.make(
                name,
                "bdev_null_create",
                Map.of("name", name, "num_blocks", 16, "block_size", 512, "md_size", 8, "dif_type", 1));
        MetadataSpec metadata = Objects.requireNonNull(protectedBdev.metadata());
        assertThat(metadata.bytes()).isEqualTo(8);
        assertThat(metadata.interleaved()).isTrue();
        assertThat(metadata.difType()).isEqualTo(1);
        assertThat(metadata.checksGuard()).isTrue();
        assertThat(metadata.checksReferenceTag()).isTrue();
        assertThat(metadata.checksApplicationTag()).isFalse();
        assertThat(protectedBdev.blockSize()).isEqualTo(520);
        assertThat(protectedBdev.dataBlockSize()).isEqualTo(512);
        assertThat(bdev.metadata()).isNull();
        assertThat(bdev.numaId()).isGreaterThanOrEqualTo(-1);
        NativeApp.rpc("bdev_null_delete", Map.of("name", name));
        await(protectedBdev.gone());
    }
}
