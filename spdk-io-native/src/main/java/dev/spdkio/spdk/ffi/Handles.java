// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Objects by numbers that C keeps in place of a pointer. Looking one up is an array access; a number is used again
 * after its object was removed.
 *
 * <p>Thread rule: any thread.
 */
public final class Handles<T> {
    private volatile @Nullable Object[] objects = {};

    /** Holds no object. */
    public Handles() {}

    /** Adds an object. Its number is not 0. */
    public synchronized long add(T object) {
        int free = Arrays.asList(objects).indexOf(null);
        int index = free < 0 ? objects.length : free;
        @Nullable Object[] copy = Arrays.copyOf(objects, Math.max(objects.length, index + 1));
        copy[index] = object;
        objects = copy;
        return index + 1L;
    }

    /** The object of a number that was not removed. */
    @SuppressWarnings({"unchecked", "NullAway"}) // C has no other numbers
    public T get(long number) {
        return (T) objects[(int) number - 1];
    }

    /** Forgets the object. */
    public synchronized void remove(long number) {
        @Nullable Object[] copy = objects.clone();
        copy[(int) number - 1] = null;
        objects = copy;
    }
}
