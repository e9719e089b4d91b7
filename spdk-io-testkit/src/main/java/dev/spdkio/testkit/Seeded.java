// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the tests of a class, or one test, reproducible randomness.
 *
 * <p>A test method may take a {@link java.util.random.RandomGenerator} or a {@link java.util.Random}, new for each
 * invocation, and the seed itself as a {@code long} marked {@link Seed}. Two generators of one invocation draw
 * different numbers. A failed test prints its seed and how to run it again.
 *
 * <p>The seed is the system property {@value SeedExtension#PROPERTY} where it is set, else the pinned {@link #value},
 * else new for each invocation.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(SeedExtension.class)
public @interface Seeded {

    /** The seeds to pin: one, or none for a new seed each time. */
    long[] value() default {};
}
