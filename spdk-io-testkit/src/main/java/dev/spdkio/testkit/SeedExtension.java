// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.platform.commons.support.AnnotationSupport;

/** Resolves the parameters that {@link Seeded} promises, and prints the seed of a test that failed. */
public final class SeedExtension implements ParameterResolver, TestWatcher {

    /** The system property that overrides every seed: {@value}. */
    public static final String PROPERTY = "spdkio.seed";

    private static final Namespace NAMESPACE = Namespace.create(SeedExtension.class);

    /** The seed of one invocation, and the source of its generators. */
    private record Draw(long seed, SplittableRandom generators) {
        Draw(long seed) {
            this(seed, new SplittableRandom(seed));
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        Class<?> type = parameter.getParameter().getType();
        return type == RandomGenerator.class
                || type == Random.class
                || (type == long.class && parameter.isAnnotated(Seed.class));
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        Draw draw = draw(test);
        Class<?> type = parameter.getParameter().getType();
        if (type == long.class) {
            return draw.seed();
        }
        return type == Random.class
                ? new Random(draw.generators().nextLong())
                : draw.generators().split();
    }

    @Override
    public void testFailed(ExtensionContext test, @Nullable Throwable cause) {
        Draw draw = test.getStore(NAMESPACE).get(Draw.class, Draw.class);
        if (draw != null) {
            System.err.println(report(test, draw.seed()));
        }
    }

    static String report(ExtensionContext test, long seed) {
        String name = test.getRequiredTestClass().getSimpleName();
        String method = test.getRequiredTestMethod().getName();
        return "%s.%s failed with seed %d; run it again with -Dtest='%s#%s' -D%s=%d"
                .formatted(name, method, seed, name, method, PROPERTY, seed);
    }

    private static Draw draw(ExtensionContext test) {
        return test.getStore(NAMESPACE).computeIfAbsent(Draw.class, key -> new Draw(chooseSeed(test)), Draw.class);
    }

    private static long chooseSeed(ExtensionContext test) {
        String fixed = System.getProperty(PROPERTY);
        if (fixed != null) {
            try {
                return Long.decode(fixed.strip());
            } catch (NumberFormatException e) {
                throw new ExtensionConfigurationException(
                        "system property %s is \"%s\"; it takes a whole number, such as -D%s=42"
                                .formatted(PROPERTY, fixed, PROPERTY),
                        e);
            }
        }
        long[] pinned = annotation(test).map(Seeded::value).orElse(new long[0]);
        if (pinned.length > 1) {
            throw new ExtensionConfigurationException(
                    "@Seeded of %s pins %d seeds; pin one, or none".formatted(test.getDisplayName(), pinned.length));
        }
        return pinned.length == 1 ? pinned[0] : new SplittableRandom().nextLong();
    }

    private static Optional<Seeded> annotation(ExtensionContext test) {
        return AnnotationSupport.findAnnotation(test.getElement(), Seeded.class)
                .or(() -> AnnotationSupport.findAnnotation(test.getTestClass(), Seeded.class));
    }
}
