// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The functions of {@code spdk/json.h} by which C asks for a piece of JSON, or hands one over. */
public final class JsonApi {
    private static final MethodHandle WRITE_NAME = Downcall.of("spdk_json_write_name", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE_VAL_RAW =
            Downcall.of("spdk_json_write_val_raw", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE_BEGIN =
            Downcall.of("spdk_json_write_begin", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
    private static final MethodHandle WRITE_VAL = Downcall.of("spdk_json_write_val", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle WRITE_END = Downcall.of("spdk_json_write_end", JAVA_INT, JAVA_LONG);
    private static final long WRITE = Upcall.stub(
            MethodHandles.lookup(),
            JsonApi.class,
            "write",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            -1);

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

    /** The text of a {@code struct spdk_json_val} and what is in it; {@code spdk_json_write_val}. */
    public static String text(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long token = Tokens.put(out);
        try {
            long writer = (long) WRITE_BEGIN.invokeExact(WRITE, token, 0);
            int _ = (int) WRITE_VAL.invokeExact(writer, value);
            int _ = (int) WRITE_END.invokeExact(writer);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        } finally {
            var _ = Tokens.take(token, ByteArrayOutputStream.class);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int write(long token, long data, long bytes) {
        Objects.requireNonNull(Tokens.peek(token, ByteArrayOutputStream.class))
                .writeBytes(Raw.segment(data, bytes).toArray(JAVA_BYTE));
        return 0;
    }
}
