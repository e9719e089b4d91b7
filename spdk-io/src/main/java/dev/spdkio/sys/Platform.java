// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.sys;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where this JVM runs, and whether this package may call the C library there.
 *
 * <p>Native calls need three things: Linux, an x86-64 or aarch64 CPU (the two whose structure layouts are known
 * here), and the JVM's permission ({@code --enable-native-access}, JEP 472). Where one is missing nothing breaks:
 * every facility of this package says so through its own {@code isAvailable()} and the layers above fall back to
 * plain Java. A JVM that merely <em>warns</em> about native access counts as one that forbids it, because a library
 * must not be the reason for warnings at start-up.
 *
 * <p>Thread rule: stateless, callable from any thread and on any operating system.
 */
public final class Platform {
    private static final String OS = System.getProperty("os.name", "unknown");
    private static final String ARCH = canonicalArch(System.getProperty("os.arch", "unknown"));
    private static final @Nullable String CAUSE = unavailabilityCause(OS, ARCH, nativeAccessEnabled(), moduleName());

    private Platform() {}

    /** Whether the operating system is Linux. */
    public static boolean isLinux() {
        return isLinux(OS);
    }

    /** The CPU architecture: {@code x86-64}, {@code aarch64}, or whatever else the JVM calls it. */
    public static String arch() {
        return ARCH;
    }

    /** The release of the running kernel, such as {@code 6.18.44}, as the JVM reports it. */
    public static String kernelRelease() {
        return System.getProperty("os.version", "unknown");
    }

    /** Whether this package may call the C library. The answer never changes during the life of the JVM. */
    public static boolean isNativeAvailable() {
        return CAUSE == null;
    }

    /** Why {@link #isNativeAvailable()} is false, with the exact flag to add where a flag helps; null if it is true. */
    public static @Nullable String unavailabilityCause() {
        return CAUSE;
    }

    /**
     * Passes if native calls are possible.
     *
     * @throws UnsupportedOperationException if they are not; the message is {@link #unavailabilityCause()}
     */
    public static void requireNative() {
        if (CAUSE != null) {
            throw new UnsupportedOperationException(CAUSE);
        }
    }

    static boolean isX86() {
        return ARCH.equals("x86-64");
    }

    static String canonicalArch(String arch) {
        return switch (arch.toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64", "x86-64" -> "x86-64";
            case "aarch64", "arm64" -> "aarch64";
            default -> arch;
        };
    }

    /** Decides from plain values, so that every answer can be tested on one machine. */
    static @Nullable String unavailabilityCause(String os, String arch, boolean accessEnabled, String module) {
        if (!isLinux(os)) {
            return "native calls need Linux, this is " + os;
        }
        if (!arch.equals("x86-64") && !arch.equals("aarch64")) {
            return "native calls need an x86-64 or aarch64 CPU, this is " + arch;
        }
        if (!accessEnabled) {
            return "native access is not enabled: add --enable-native-access=" + module
                    + " to the java command line or to the variable JDK_JAVA_OPTIONS";
        }
        return null;
    }

    private static boolean isLinux(String os) {
        return os.startsWith("Linux");
    }

    private static boolean nativeAccessEnabled() {
        return Platform.class.getModule().isNativeAccessEnabled();
    }

    private static String moduleName() {
        Module module = Platform.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}
