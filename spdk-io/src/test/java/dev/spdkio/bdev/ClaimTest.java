// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Claims, and devices that stand on others: who may write, and what goes with what. */
class ClaimTest {
    private static final Claim SHARED = new Claim("pool", ClaimType.READ_MANY_WRITE_SHARED, 7);

    private final BdevWorld w = new BdevWorld();
    private final FakeDevice d = w.device(s -> s);

    @AfterEach
    void close() {
        w.close();
    }

    private BdevDesc open(OpenMode mode) {
        return w.open(w.app, mode);
    }

    private static void claim(BdevDesc desc, Claim claim) {
        try {
            desc.claim(claim);
        } catch (SpdkException e) {
            throw new AssertionError(e);
        }
    }

    private static void refused(ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM))
                .hasMessageContainingAll(words);
    }

    private void writersRefused(String... words) {
        w.run(w.app, () -> refused(() -> w.bdevs.open("D", OpenMode.READ_WRITE, BdevEventListener.NONE), words));
    }

    @Test
    void anExclusiveWriterKeepsNewWritersOut() {
        BdevDesc before = open(OpenMode.READ_WRITE);
        BdevDesc claimant = open(OpenMode.READ_ONLY);
        claim(claimant, Claim.exclusiveWrite("raid"));
        assertThat(claimant.mode()).isEqualTo(OpenMode.READ_WRITE);
        writersRefused("bdev D is claimed by [raid (exclusive_write)]", "READ_ONLY");
        refused(() -> before.claim(Claim.exclusiveWrite("gpt")), "raid (exclusive_write)", "gpt");
        assertThat(open(OpenMode.READ_ONLY).isClosed()).isFalse();
        assertThat(w.bdevs.lookup("D").claims()).containsExactly(Claim.exclusiveWrite("raid"));
        claimant.close();
        assertThat(w.bdevs.lookup("D").claims()).isEmpty();
        assertThat(open(OpenMode.READ_WRITE).isClosed()).isFalse();
    }

    @Test
    void aClaimCanBeGivenUp() {
        BdevDesc claimant = open(OpenMode.READ_WRITE);
        claim(claimant, Claim.exclusiveWrite("raid"));
        assertThatThrownBy(() -> claimant.claim(Claim.exclusiveWrite("raid")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a claim already");
        claimant.releaseClaim();
        claimant.releaseClaim();
        claim(open(OpenMode.READ_WRITE), Claim.exclusiveWrite("other"));
    }

    @Test
    void theOneWriterMustBeAlone() {
        BdevDesc writer = open(OpenMode.READ_WRITE);
        BdevDesc claimant = open(OpenMode.READ_ONLY);
        Claim one = Claim.of("blob", ClaimType.READ_MANY_WRITE_ONE);
        refused(() -> claimant.claim(one), "has a writer already", "opened on SpdkThread app");
        writer.close();
        claim(claimant, one);
        assertThat(claimant.mode()).isEqualTo(OpenMode.READ_WRITE);
        refused(() -> open(OpenMode.READ_ONLY).claim(one), "blob (read_many_write_one)");
        writersRefused("blob");
    }

    @Test
    void readersShareADeviceThatNobodyWrites() {
        Claim none = Claim.of("snapshot", ClaimType.READ_MANY_WRITE_NONE);
        BdevDesc writer = open(OpenMode.READ_WRITE);
        assertThatThrownBy(() -> writer.claim(none)).isInstanceOf(IllegalArgumentException.class);
        BdevDesc reader = open(OpenMode.READ_ONLY);
        refused(() -> reader.claim(none), "has a writer already");
        writer.close();
        claim(reader, none);
        assertThat(reader.mode()).isEqualTo(OpenMode.READ_ONLY);
        BdevDesc second = open(OpenMode.READ_ONLY);
        claim(second, none);
        writersRefused("snapshot");
        reader.close();
        writersRefused("snapshot");
        second.close();
        assertThat(open(OpenMode.READ_WRITE).isClosed()).isFalse();
    }

    @Test
    void writersShareADeviceByAKey() {
        BdevDesc writer = open(OpenMode.READ_WRITE);
        BdevDesc first = open(OpenMode.READ_ONLY);
        refused(() -> first.claim(SHARED), "has a writer already");
        writer.close();
        claim(first, SHARED);
        BdevDesc second = open(OpenMode.READ_ONLY);
        refused(() -> second.claim(new Claim("pool", ClaimType.READ_MANY_WRITE_SHARED, 8)), "pool");
        refused(() -> second.claim(Claim.exclusiveWrite("raid")), "pool", "raid");
        claim(second, SHARED);
        assertThat(second.mode()).isEqualTo(OpenMode.READ_WRITE);
        writersRefused("pool");
        assertThatThrownBy(() -> Claim.of("pool", ClaimType.READ_MANY_WRITE_SHARED))
                .hasMessageContaining("key 0");
        assertThatThrownBy(() -> new Claim("raid", ClaimType.EXCLUSIVE_WRITE, 1))
                .hasMessageContaining("key 1");
    }

    @Test
    void aClaimComesBeforeChannels() {
        BdevDesc reader = open(OpenMode.READ_ONLY);
        w.on(w.app, reader::openChannel);
        assertThatThrownBy(() -> reader.claim(Claim.exclusiveWrite("raid"))).hasMessageContaining("before you open");
        reader.close();
        assertThatThrownBy(() -> reader.claim(Claim.exclusiveWrite("raid"))).hasMessageContaining("is closed");
    }

    // ---- devices on devices ----------------------------------------------------------------------------------------

    @Test
    void aDeviceGoesWithItsBase() throws SpdkException {
        StackedDevice upper = w.on(w.app, () -> StackedDevice.create(w.bdevs, "D"));
        Bdev u = w.bdevs.lookup("U");
        assertThat(u.bases()).containsExactly(upper.base.bdev());
        List<BdevEvent> heard = new ArrayList<>();
        BdevDesc user = w.on(
                w.app,
                () -> w.bdevs.open("U", OpenMode.READ_WRITE, (event, desc) -> {
                    heard.add(event);
                    desc.close();
                }));
        CompletableFuture<Void> gone = w.bdevs.unregister("D");
        w.rt.await(gone);
        assertThat(heard).containsExactly(BdevEvent.REMOVED);
        assertThat(user.isClosed()).isTrue();
        assertThat(u.gone()).isCompleted();
        assertThat(d.destructs).isEqualTo(1);
        assertThat(w.bdevs.bdevs()).isEmpty();
    }

    @Test
    void aBaseThatGoesBeforeTheDeviceIsThereTakesItAlong() {
        w.run(w.app, () -> {
            BaseBdev base = BaseBdev.open(w.bdevs, "D", Claim.exclusiveWrite("late"), BaseBdev.Listener.FOLLOW);
            var _ = w.bdevs.unregister("D");
            FakeDevice late = new FakeDevice(512, 8) {
                @Override
                public CompletableFuture<Void> destruct() {
                    return base.closeAsync();
                }
            };
            Bdev upper = w.bdevs.register(base.spec("late").build(), late);
            w.app.defer(() -> w.app.defer(() -> base.carries(upper)));
        });
        w.rt.runFor(Duration.ofMillis(20));
        assertThat(w.bdevs.bdevs()).isEmpty();
    }

    @Test
    void aDeviceThatCannotBeMadeLeavesItsBaseAlone() {
        w.run(w.app, () -> {
            StackedDevice.create(w.bdevs, "D");
            refused(() -> StackedDevice.create(w.bdevs, "D"), "stacked");
            assertThatThrownBy(() -> StackedDevice.create(w.bdevs, "none")).hasMessageContaining("none");
        });
        assertThat(w.bdevs.lookup("D").openCount()).isEqualTo(1);
        assertThatThrownBy(() -> StackedDevice.create(w.bdevs, "D")).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void anIdentityIsDerivedAsSpdkDoes() {
        w.run(w.app, () -> {
            BaseBdev base = BaseBdev.open(w.bdevs, "D", Claim.exclusiveWrite("x"), BaseBdev.Listener.FOLLOW);
            java.util.UUID id = base.derivedUuid(java.util.UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85"));
            assertThat(id.version()).isEqualTo(5);
            assertThat(id.variant()).isEqualTo(2);
            assertThat(id)
                    .isEqualTo(base.derivedUuid(java.util.UUID.fromString("7e25812e-c8c0-4d3f-8599-16d790555b85")));
            base.close();
        });
    }
}
