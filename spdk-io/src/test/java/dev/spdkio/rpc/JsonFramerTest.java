// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The framing against random values, random splits and random damage. */
class JsonFramerTest {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static JsonFramer framer() {
        return new JsonFramer(Json.factory(1 << 16, 64).build(), 1 << 16, 10_000);
    }

    /** Feeds in random pieces; what came out before the end or a malformed value. */
    private static List<JsonNode> frames(byte[] bytes, Random random, boolean[] malformed) {
        JsonFramer framer = framer();
        List<JsonNode> out = new ArrayList<>();
        try {
            for (int at = 0; at < bytes.length; ) {
                int n = Math.min(bytes.length - at, 1 + random.nextInt(random.nextInt(20) == 0 ? bytes.length : 9));
                framer.feed(bytes, at, at + n);
                at += n;
                while (!framer.needsInput()) {
                    JsonFramer.Frame f = framer.next();
                    if (f == null) {
                        break;
                    }
                    out.add(f.value());
                }
            }
        } catch (MalformedJsonException e) {
            assertThat(e.getMessage()).isNotBlank();
            malformed[0] = true;
        }
        return out;
    }

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void cutsAStreamIntoItsValues(int seed) {
        Random random = new Random(seed);
        List<JsonNode> values = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(20); i >= 0; i--) {
            JsonNode v = container(random, 4);
            values.add(v);
            text.append(random.nextBoolean() ? v.toString() : v.toPrettyString())
                    .append(" \n\t\r".repeat(random.nextInt(3)));
        }
        boolean[] malformed = new boolean[1];

        List<JsonNode> out = frames(text.toString().getBytes(StandardCharsets.UTF_8), random, malformed);

        assertThat(malformed[0]).isFalse();
        assertThat(out).hasSameSizeAs(values);
        for (int i = 0; i < out.size(); i++) {
            assertThat(out.get(i).toString()).isEqualTo(values.get(i).toString());
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void damageIsNoticedOrHarmless(int seed) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 5; i++) {
            text.append(container(random, 3)).append('\n');
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] =
                    (byte) (random.nextBoolean() ? random.nextInt() : "{}[]\",:\\0".charAt(random.nextInt(9)));
        }
        boolean[] malformed = new boolean[1];

        List<JsonNode> out = frames(bytes, random, malformed);

        // Whatever came out is what a parser of whole values reads from the same place.
        boolean[] again = new boolean[1];
        List<JsonNode> whole = frames(bytes, new Random(seed + 1), again);
        assertThat(out.toString()).isEqualTo(whole.toString());
        assertThat(again[0]).isEqualTo(malformed[0]);
        if (!out.isEmpty()) {
            assertThat(MAPPER.readTree(bytes).toString())
                    .isEqualTo(out.getFirst().toString());
        }
    }

    private static JsonNode container(Random random, int depth) {
        return random.nextBoolean() ? object(random, depth) : array(random, depth);
    }

    private static ObjectNode object(Random random, int depth) {
        ObjectNode node = Json.NODES.objectNode();
        for (int i = random.nextInt(5); i > 0; i--) {
            node.set(string(random), value(random, depth - 1));
        }
        return node;
    }

    private static ArrayNode array(Random random, int depth) {
        ArrayNode node = Json.NODES.arrayNode();
        for (int i = random.nextInt(5); i > 0; i--) {
            node.add(value(random, depth - 1));
        }
        return node;
    }

    private static JsonNode value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 9 : 7)) {
            case 0 -> Json.NODES.numberNode(random.nextInt());
            case 1 -> Json.NODES.numberNode(random.nextLong());
            case 2 ->
                Json.NODES.numberNode(
                        java.math.BigInteger.valueOf(random.nextLong()).pow(3));
            case 3 -> Json.NODES.numberNode(new java.math.BigDecimal(random.nextInt() + "." + random.nextInt(1000)));
            case 4 -> Json.NODES.booleanNode(random.nextBoolean());
            case 5 -> Json.NODES.nullNode();
            case 6 -> Json.NODES.stringNode(string(random));
            default -> container(random, depth);
        };
    }

    private static String string(Random random) {
        int[] points = random.ints(random.nextInt(12), 0, 0x11000)
                .map(p -> p < 0x800 ? p % 0x80 : p)
                .filter(p -> p < 0xd800 || p > 0xdfff)
                .toArray();
        return new String(points, 0, points.length);
    }
}
