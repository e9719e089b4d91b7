// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static dev.spdkio.rpc.ServerHarness.error;
import static dev.spdkio.rpc.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.rpc.ServerHarness.Client;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Clients that do too much, too little, or nothing that makes sense. */
class RpcServerLimitsTest {
    @TempDir
    Path directory;

    private static RpcLimits limits(
            int bytes, int values, int connections, int batch, int pending, int queued, int reply) {
        return new RpcLimits(bytes, values, 64, connections, batch, pending, queued, reply, Duration.ofSeconds(60));
    }

    private static final RpcLimits SMALL = limits(1000, 100, 2, 3, 4, 1 << 20, 2000);

    @Test
    void anOversizedRequestIsAParseErrorNamingTheLimit() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            client.send("{\"method\":\"echo\",\"params\":{\"a\":\"" + "x".repeat(500) + "\"},\"id\":1}");
            assertThat(client.reply().get("id").intValue()).isEqualTo(1);

            client.send("{\"method\":\"echo\",\"params\":{\"a\":\"" + "x".repeat(1000) + "\"},\"id\":1}");
            assertThat(error(client.reply()).getValue())
                    .isEqualTo("Parse error: a value of more than 1000 bytes (limit maxRequestBytes)");
            assertThat(client.eof).isTrue();
        }
    }

    @Test
    void anEndlessRequestIsCutOff() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            client.send("[[\"");
            for (int i = 0; i < 100 && !client.eof; i++) {
                try {
                    client.send("y".repeat(1000));
                } catch (IOException e) {
                    break; // the server has closed
                }
                server.poll();
            }
            assertThat(error(client.reply()).getKey()).isEqualTo(-32700);
            assertThat(client.eof).isTrue();
        }
    }

    @Test
    void whiteSpaceBetweenRequestsIsNoRequest() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            for (int i = 0; i < 10; i++) {
                client.send(" \n".repeat(1000));
                client.send(request("echo", i) + "\n".repeat(3000));
                assertThat(client.reply().get("id").intValue()).isEqualTo(i);
            }
        }
    }

    @Test
    void tooManyValuesOrLevelsAreParseErrors() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL)) {
            try (Client client = server.connect()) {
                client.send("[" + "1,".repeat(200) + "1]");
                assertThat(error(client.reply()).getValue()).contains("limit maxRequestValues");
            }
        }
        try (ServerHarness server = new ServerHarness(directory)) {
            try (Client client = server.connect()) {
                client.send("[".repeat(64) + "]".repeat(64));
                assertThat(error(client.reply().get(0)).getKey()).isEqualTo(-32600);
                client.send("[".repeat(65));
                assertThat(error(client.reply()).getKey()).isEqualTo(-32700);
            }
        }
    }

    @Test
    void aBatchHasALimit() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            String r = request("echo", 1);
            client.send("[" + r + "," + r + "," + r + "]");
            assertThat(client.reply()).hasSize(3);
            client.send("[" + r + "," + r + "," + r + "," + r + "]");
            assertThat(error(client.reply()).getValue())
                    .isEqualTo("Invalid request: a batch of 4 requests: send at most 3 (limit maxBatch)");
        }
    }

    @Test
    void aReplyHasALimit() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            assertThat(error(client.call(request("big", 1))).getValue()).contains("limit maxResponseBytes");
            client.send("[" + request("big", 1) + "," + request("echo", 2) + "]");
            assertThat(error(client.reply().get(0)).getKey()).isEqualTo(-32603);
        }
    }

    @Test
    void moreClientsThanTheLimitWaitTheirTurn() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client a = server.connect();
                Client b = server.connect();
                Client c = server.connect()) {
            c.send(request("echo", 1));
            assertThat(c.replies()).isEmpty();
            assertThat(a.call(request("echo", 2)).get("id").intValue()).isEqualTo(2);
            assertThat(server.loop.stats().connections()).isEqualTo(2);

            b.close();

            assertThat(c.reply().get("id").intValue()).isEqualTo(1);
            assertThat(server.loop.stats().accepted()).isEqualTo(3);
        }
    }

    @Test
    void requestsInProgressAreBounded() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, SMALL);
                Client client = server.connect()) {
            for (int i = 0; i < 10; i++) {
                client.send(request("later", i));
            }
            server.settle();
            assertThat(server.later).hasSize(4);

            List<Integer> answered = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                server.later.get(i).complete(true);
                answered.add(client.reply().get("id").intValue());
            }
            assertThat(answered)
                    .containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
        }
    }

    @Test
    void aClientThatDoesNotReadIsNotReadFrom() throws IOException {
        try (ServerHarness server = new ServerHarness(directory, limits(1 << 20, 1000, 4, 4, 8, 300_000, 1 << 20));
                Client slow = server.connect();
                Client other = server.connect()) {
            byte[] request = request("big", 1).getBytes(StandardCharsets.UTF_8);
            int sent = 0;
            // Until the socket to the server is full for good.
            for (int stuck = 0; stuck < 10 && sent < 1_000_000; ) {
                boolean accepted = slow.trySend(request);
                sent += accepted ? 1 : 0;
                stuck = server.poll() || accepted ? 0 : stuck + 1;
            }
            assertThat(sent).isLessThan(1_000_000);
            assertThat(server.loop.stats().requests()).isLessThan(100);
            assertThat(other.call(request("echo", 5)).get("id").intValue()).isEqualTo(5);

            int received = 0;
            for (List<JsonNode> r = slow.replies(); !r.isEmpty(); r = slow.replies()) {
                received += r.size();
            }
            assertThat(received).isEqualTo(sent);
        }
    }

    @Test
    void aLostClientLeavesNothingBehind() throws IOException {
        try (ServerHarness server = new ServerHarness(directory)) {
            for (int i = 0; i < 200; i++) {
                try (Client client = server.connect()) {
                    client.send(request("later", 1) + request("big", 2) + (i % 2 == 0 ? "{\"met" : ""));
                    if (i % 3 == 0) {
                        server.poll();
                    }
                }
                server.poll();
            }
            server.later.forEach(f -> f.complete("nobody listens"));
            server.settle();
            assertThat(server.loop.stats().connections()).isZero();
            try (Client client = server.connect()) {
                assertThat(client.call(request("echo", 1)).get("id").intValue()).isEqualTo(1);
            }
        }
    }

    @Test
    void aHalfClosedClientWhoseAnswerNeverComesIsLetGo() throws IOException {
        try (ServerHarness server = new ServerHarness(directory);
                Client client = server.connect()) {
            client.send(request("later", 1));
            client.socket.shutdownOutput();
            server.now += Duration.ofSeconds(59).toNanos();
            server.settle();
            server.now += Duration.ofSeconds(59).toNanos();
            server.settle();
            assertThat(server.loop.stats().connections()).isEqualTo(1);

            server.now += Duration.ofSeconds(2).toNanos();

            assertThat(client.replies()).isEmpty();
            assertThat(client.eof).isTrue();
            server.later.getFirst().complete(true); // too late, and harmless
            server.settle();
            assertThat(server.loop.stats().connections()).isZero();
        }
    }

    @Test
    void aMethodMayCloseTheServer() throws IOException {
        try (ServerHarness server = new ServerHarness(directory);
                Client client = server.connect();
                Client other = server.connect()) {
            server.registry.register("close", RpcState.ALWAYS, _ -> {
                server.loop.close();
                return true;
            });
            client.send(request("close", 1));
            other.send(request("echo", 1));
            server.settle();

            client.replies();
            assertThat(client.eof).isTrue();
            assertThat(server.poll()).isFalse();
            assertThat(Files.exists(server.path)).isFalse();
        }
    }

    static IntStream seeds() {
        return IntStream.range(0, 60);
    }

    /** Requests, batches, rubbish, in pieces, on connections that come and go: the server outlives it all. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void survivesAnything(int seed) throws IOException {
        Random random = new Random(seed);
        try (ServerHarness server = new ServerHarness(directory, SMALL)) {
            List<Client> clients = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (clients.size() < 3 && random.nextInt(4) == 0) {
                    clients.add(server.connect());
                }
                if (!clients.isEmpty()) {
                    Client c = clients.get(random.nextInt(clients.size()));
                    switch (random.nextInt(8)) {
                        case 0 -> {
                            clients.remove(c);
                            c.close();
                        }
                        case 1 -> c.replies();
                        case 2 -> {
                            if (c.socket.isOpen() && !c.eof) {
                                c.socket.shutdownOutput();
                                clients.remove(c);
                                c.close();
                            }
                        }
                        default -> trySend(c, piece(random));
                    }
                }
                if (random.nextInt(3) == 0 && !server.later.isEmpty()) {
                    server.later.get(random.nextInt(server.later.size())).complete(step);
                }
                server.poll();
            }
            for (Client c : clients) {
                c.close();
            }
            // Each answer makes room for requests that were sent long ago.
            for (int i = 0; i < 1000 && server.loop.stats().connections() > 0; i++) {
                List.copyOf(server.later).forEach(f -> f.complete(0));
                server.settle();
            }
            assertThat(server.loop.stats().connections()).isZero();
            try (Client last = server.connect()) {
                assertThat(last.call(request("echo", 1)).get("id").intValue()).isEqualTo(1);
            }
        }
    }

    private static void trySend(Client c, byte[] bytes) {
        try {
            c.trySend(bytes);
        } catch (IOException e) {
            c.eof = true; // the server had enough of it
        }
    }

    private static byte[] piece(Random random) {
        String[] samples = {
            request("echo", 1),
            request("later", "\"x\""),
            request("big", 3),
            request("nope", 4),
            "[" + request("echo", 5) + "," + request("later", 6) + "]",
            "{\"method\":\"add\",\"params\":{\"a\":1,\"b\":" + random.nextLong() + "},\"id\":7}",
            "[]",
            "1 ",
            "\"\\ud800\"",
            "{\"method\":\"echo\",\"params\":" + "[".repeat(random.nextInt(80)),
        };
        byte[] bytes = samples[random.nextInt(samples.length)].getBytes(StandardCharsets.UTF_8);
        switch (random.nextInt(5)) {
            case 0 -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            case 1 -> {
                if (random.nextInt(4) == 0) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            }
            default -> {}
        }
        return bytes;
    }
}
