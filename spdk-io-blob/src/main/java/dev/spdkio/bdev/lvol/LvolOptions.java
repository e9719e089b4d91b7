// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.lvol;

import dev.spdkio.blob.ClearMethod;
import java.util.Objects;

/**
 * How a new {@link Lvol} is to be: the parameters of {@code bdev_lvol_create}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param name its name in its store, 1 to {@link LvolStoreOptions#MAX_NAME_BYTES} bytes
 * @param sizeBytes its size in bytes, which is rounded up to whole clusters
 * @param thin whether clusters are taken only when they are written
 * @param clearMethod what is done with its clusters when they are given back
 */
public record LvolOptions(String name, long sizeBytes, boolean thin, ClearMethod clearMethod) {
    /** Checks the ranges. */
    public LvolOptions {
        Objects.requireNonNull(clearMethod, "clearMethod");
        LvolAttributes.checkName("a volume", name);
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("volume " + name + " of " + sizeBytes + " bytes");
        }
    }

    /** A volume that has all its clusters from the start. */
    public LvolOptions(String name, long sizeBytes) {
        this(name, sizeBytes, false, ClearMethod.DEFAULT);
    }

    /** A thin volume. */
    public static LvolOptions thin(String name, long sizeBytes) {
        return new LvolOptions(name, sizeBytes, true, ClearMethod.DEFAULT);
    }

    /** The same with another way of giving clusters back. */
    public LvolOptions withClearMethod(ClearMethod value) {
        return new LvolOptions(name, sizeBytes, thin, value);
    }
}
