// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/**
 * What every block device promises: the 23 cases of SPDK's {@code bdevio}, whose names the tests carry, and what the
 * hub says of ends, threads, removal, resets, memory and statistics.
 *
 * <p>A subclass makes the device, and calls {@link #use} before each test with a new world. Cases for types of I/O that
 * the device does not have are skipped, by name and reason; that it refuses those types is tested too.
 */
@Seeded
@Timeout(120)
public abstract class BdevContract implements BdevioContract, BdevIoContract, BdevCommandContract, BdevLifeContract {
    /** What a device under test must have at least, in bytes. */
    public static final long MIN_BYTES = 8L << 20;

    private @Nullable TestWorld world;
    private @Nullable BdevBed bed;

    /**
     * Registers a new device of at least {@link #MIN_BYTES}, full of zeroes. It is removed after the test. What must be
     * done on the app thread, such as making a device on another, is done by {@link #world}.
     */
    protected abstract Bdev create(BdevManager bdevs) throws Exception;

    /** Whether the device has what was written to it; false for one that stores nothing. */
    @Override
    public boolean stores() {
        return true;
    }

    /** Whether a range that was unmapped reads as zeroes; else it may read as anything. */
    @Override
    public boolean unmapsToZeroes() {
        return true;
    }

    /** Removes the device, as its users would. */
    protected CompletableFuture<Void> remove(Bdev bdev) {
        return bdev.manager().unregister(bdev);
    }

    /** The world of this test, for {@link #create} too. */
    protected final TestWorld world() {
        return bed != null ? bed.world() : Objects.requireNonNull(world, "call use(TestWorld) in a @BeforeEach method");
    }

    /** The world of this test; it is closed after it. */
    protected final void use(TestWorld value) throws Exception {
        world = value;
        BdevBed made = new BdevBed(value, this::remove);
        made.use(create(made.bdevs()));
        bed = made;
    }

    /** The same in an application that goes on after the test. */
    protected final void use(SpdkApp application) throws Exception {
        BdevBed made = new BdevBed(application, this::remove);
        bed = made;
        made.use(create(made.bdevs()));
    }

    @Override
    public final BdevBed bed() {
        return Objects.requireNonNull(bed, "call use(TestWorld) in a @BeforeEach method");
    }

    /** Ends the device, then the world with whatever a failed test left in it. */
    @AfterEach
    final void closeBed() {
        try {
            if (bed != null) {
                bed.close();
            }
        } finally {
            if (world != null) {
                world.close();
            }
        }
    }
}
