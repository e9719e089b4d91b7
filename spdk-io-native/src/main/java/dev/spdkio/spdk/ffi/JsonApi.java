// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/** The functions of {@code spdk/json.h} by which C asks for a piece of JSON. */
public final class JsonApi {
    private static final MethodHandle WRITE_NAME = Downcall.of("spdk_json_write_name", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE_VAL_RAW =
            Downcall.of("spdk_json_write_val_raw", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    private JsonApi() {}

    /** {@code spdk_json_write_name}. */
    public static void writeName(long writer, String name) {
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int)
                    WRITE_NAME.invokeExact(writer, arena.allocateFrom(name).address());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code spdk_json_write_val_raw}: a value that is JSON already. */
    public static void writeValue(long writer, String json) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(JAVA_BYTE, json.getBytes(StandardCharsets.UTF_8));
            int _ = (int) WRITE_VAL_RAW.invokeExact(writer, text.address(), text.byteSize());
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}
