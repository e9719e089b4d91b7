// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The functions of {@code spdk/bdev_module.h} that claim devices. */
public final class ClaimApi {
    private static final MethodHandle CLAIM_BDEV =
            Downcall.of("spdk_bdev_module_claim_bdev", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle RELEASE_BDEV = Downcall.ofVoid("spdk_bdev_module_release_bdev", JAVA_LONG);
    private static final MethodHandle CLAIM_DESC =
            Downcall.of("spdk_bdev_module_claim_bdev_desc", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle OPTS_INIT = Downcall.ofVoid("spdk_bdev_claim_opts_init", JAVA_LONG, JAVA_LONG);

    // struct spdk_bdev_claim_opts; its size is its version
    private static final long OPTS_BYTES = 48;
    private static final long OPTS_NAME = 8;
    private static final int NAME_BYTES = 32;
    private static final long OPTS_KEY = 40;

    private ClaimApi() {}

    /**
     * {@code spdk_bdev_module_claim_bdev} or {@code spdk_bdev_module_claim_bdev_desc}: a descriptor for reading becomes
     * one for writing if the claim is a writer's. 0 or a negative error number; on the thread that opened it.
     */
    public static int claim(long desc, Claim claim, long module) {
        try (Arena arena = Arena.ofConfined()) {
            if (claim.type() == ClaimType.EXCLUSIVE_WRITE) {
                return (int) CLAIM_BDEV.invokeExact(BdevApi.bdev(desc), desc, module);
            }
            MemorySegment opts = arena.allocate(OPTS_BYTES, Long.BYTES);
            OPTS_INIT.invokeExact(opts.address(), OPTS_BYTES);
            byte[] name = claim.claimant().getBytes(StandardCharsets.UTF_8);
            MemorySegment.copy(
                    MemorySegment.ofArray(Arrays.copyOf(name, NAME_BYTES - 1)), 0, opts, OPTS_NAME, NAME_BYTES - 1);
            opts.set(JAVA_LONG, OPTS_KEY, claim.key());
            return (int) CLAIM_DESC.invokeExact(desc, number(claim.type()), opts.address(), module);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code enum spdk_bdev_claim_type}. */
    private static int number(ClaimType type) {
        return switch (type) {
            case EXCLUSIVE_WRITE -> 1;
            case READ_MANY_WRITE_ONE -> 2;
            case READ_MANY_WRITE_NONE -> 3;
            case READ_MANY_WRITE_SHARED -> 4;
        };
    }

    /** {@code spdk_bdev_module_release_bdev}: ends an exclusive claim. */
    public static void release(long bdev) {
        try {
            RELEASE_BDEV.invokeExact(bdev);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
