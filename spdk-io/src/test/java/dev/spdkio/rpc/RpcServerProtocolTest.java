// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static dev.spdkio.rpc.ServerHarness.error;
import static dev.spdkio.rpc.ServerHarness.json;
import static dev.spdkio.rpc.ServerHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.error.LimitExceededException;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.ServerHarness.Client;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What goes over the wire; the expectations were observed on SPDK v26.05 where the test does not say otherwise. */
class RpcServerProtocolTest {
    @TempDir
    Path directory;

    private ServerHarness server;
    private Client client;

    @BeforeEach
    void start() throws IOException {
        server = new ServerHarness(directory);
        client = server.connect();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    @Test
    void answersARequest() throws IOException {
        assertThat(client.call("{'jsonrpc':'2.0','method':'add','params':{'a':1,'b':2},'id':7}"))
                .isEqualTo(json("{'jsonrpc':'2.0','id':7,'result':3}"));
    }

    @Test
    void jsonrpcMemberMayBeLeftOut() throws IOException {
        assertThat(client.call("{'method':'echo','id':1}")).isEqualTo(json("{'jsonrpc':'2.0','id':1,'result':null}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "-5", "'a'", "'\\u0041'", "123456789012345678901234567890", "1.5", "'1'"})
    void echoesTheIdAsItIs(String id) throws IOException {
        JsonNode reply = client.call("{'method':'echo','id':" + id + "}");

        assertThat(reply.get("id")).isEqualTo(json("[" + id + "]").get(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'method':'echo'}", "{'method':'echo','id':null}", "[{'method':'echo'}]"})
    void notificationsGetNoResult(String text) throws IOException {
        client.send(text);

        assertThat(client.replies()).isEmpty();
        assertThat(client.eof).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'method':'nope'}", "{'method':'nope','id':null}"})
    void notificationsDoGetErrors(String text) throws IOException {
        assertThat(client.call(text))
                .isEqualTo(json("{'jsonrpc':'2.0','id':null,'error':{'code':-32601,'message':'Method not found'}}"));
    }

    @Test
    void nullParamsAreNoParams() throws IOException {
        assertThat(client.call("{'method':'big','params':null,'id':1}")
                        .get("result")
                        .isString())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "1 | it is 1, expected an object",
                "'abc' | it is the string \"abc\", expected an object",
                "[] | the batch is empty",
                "{'jsonrpc':'1.0','method':'echo','id':1} | 'jsonrpc' is the string \"1.0\", expected \"2.0\"",
                "{'method':'echo','id':1,'x':1} | unknown member 'x'",
                "{'method':'echo','method':'echo','id':1} | member 'method' occurs twice",
                "{'method':'echo','params':{'a':1,'a':2},'id':1} | member 'a' occurs twice",
                "{'method':1,'id':1} | 'method' is 1, expected a string",
                "{'id':1} | 'method' is missing, expected a string",
                "{'method':'echo','id':true} | 'id' is true, expected a string or a number",
                "{'method':'echo','id':1,'params':'x'} | 'params' is the string \"x\", expected an object",
            })
    void refusesWhatIsNoRequest(String text, String problem) throws IOException {
        client.send(text + " ");
        JsonNode reply = client.reply();

        assertThat(error(reply)).isEqualTo(Map.entry(-32600, "Invalid request: " + problem));
        assertThat(client.call("{'method':'echo','id':2}").get("id").intValue()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{]",
                "}",
                "{'a' 1}",
                "{'a':tru}",
                "/* c */{'method':'echo','id':1}",
                "{'method':'echo','id':01}",
                "{'method':'echo',}",
                "nope ",
                "'\t'",
                "{'a':'\\x'}",
                "{\u0000}",
            })
    void answersAParseErrorAndCloses(String text) throws IOException {
        client.send(text);

        JsonNode reply = client.reply();

        assertThat(error(reply).getKey()).isEqualTo(-32700);
        assertThat(error(reply).getValue()).startsWith("Parse error: ").doesNotContain("Source", "`", "Feature", "\n");
        assertThat(reply.get("id").isNull()).isTrue();
        assertThat(client.eof).isTrue();
        assertThat(server.loop.stats().malformed()).isEqualTo(1);
        try (Client next = server.connect()) {
            assertThat(next.call("{'method':'echo','id':1}").get("id").intValue())
                    .isEqualTo(1);
        }
    }

    @Test
    void invalidUtf8IsAParseError() throws IOException {
        client.send(new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"', ':', '1', '}'});

        assertThat(error(client.reply()).getKey()).isEqualTo(-32700);
        assertThat(client.eof).isTrue();
    }

    @Test
    void answersWhatCameBeforeAParseError() throws IOException {
        client.send(request("echo", 1) + request("echo", 2) + "{]");

        List<JsonNode> replies = client.replies();

        assertThat(replies).hasSize(3);
        assertThat(replies.get(1).get("id").intValue()).isEqualTo(2);
        assertThat(error(replies.get(2)).getKey()).isEqualTo(-32700);
    }

    @Test
    void unknownMethodIsAnswered() throws IOException {
        assertThat(client.call(request("nope", 1)))
                .isEqualTo(json("{'jsonrpc':'2.0','id':1,'error':{'code':-32601,'message':'Method not found'}}"));
    }

    @Test
    void invalidParamsNameTheParameter() throws IOException {
        assertThat(error(client.call("{'method':'add','params':{'a':1,'b':'2'},'id':1}")))
                .isEqualTo(Map.entry(-32602, "parameter 'b' is the string \"2\": expected an integer"));
        assertThat(error(client.call("{'method':'add','params':[1,2],'id':1}")))
                .isEqualTo(Map.entry(-32602, "params is an array: expected an object with named members"));
    }

    @Test
    void handlerFailuresBecomeErrorsAndNothingElse() throws IOException {
        server.registry.register("errno", RpcState.ALWAYS, _ -> {
            throw new SpdkException(19, "no bdev Malloc0");
        });
        server.registry.register("noErrno", RpcState.ALWAYS, _ -> {
            throw new SpdkException(0, "NVMe status");
        });
        server.registry.register("misuse", RpcState.ALWAYS, _ -> {
            throw new IllegalArgumentException("block_size 7 is odd");
        });
        server.registry.register("full", RpcState.ALWAYS, _ -> {
            throw new LimitExceededException("tasksPerThread", 1, "no room");
        });
        server.registry.register("unprintable", RpcState.ALWAYS, _ -> new Object());
        server.registry.register("nan", RpcState.ALWAYS, _ -> Double.NaN);
        server.registry.register(
                "asyncFails", RpcState.ALWAYS, _ -> CompletableFuture.failedFuture(new SpdkException(17, "exists")));

        assertThat(error(client.call(request("errno", 1)))).isEqualTo(Map.entry(-19, "no bdev Malloc0"));
        assertThat(error(client.call(request("noErrno", 1)))).isEqualTo(Map.entry(-32603, "NVMe status"));
        assertThat(error(client.call(request("misuse", 1)))).isEqualTo(Map.entry(-32602, "block_size 7 is odd"));
        assertThat(error(client.call(request("full", 1))))
                .isEqualTo(Map.entry(-11, "no room (limit tasksPerThread = 1)"));
        assertThat(error(client.call(request("fails", 1))))
                .isEqualTo(Map.entry(-32603, "Internal error: AssertionError: boom"));
        assertThat(error(client.call(request("unprintable", 1))).getKey()).isEqualTo(-32602);
        assertThat(error(client.call(request("asyncFails", 1)))).isEqualTo(Map.entry(-17, "exists"));
        assertThat(client.call(request("echo", 2)).get("id").intValue()).isEqualTo(2);
    }

    @Test
    void methodsOfTheOtherStateAreRefused() throws IOException {
        server.registry.register("early", RpcState.ONLY_STARTUP, _ -> true);

        assertThat(error(client.call(request("early", 1))).getKey()).isEqualTo(-1);
        assertThat(error(client.call(request("early", 1))).getValue())
                .startsWith("Method may only be called before framework is initialized");
    }

    @Test
    void pipelinedRequestsAreAllAnswered() throws IOException {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            all.append(request("echo", i)).append(i % 3 == 0 ? "" : i % 3 == 1 ? "\n" : " \t\r\n ");
        }
        client.send(all.toString());

        assertThat(client.replies())
                .extracting(r -> r.get("id").intValue())
                .hasSize(1000)
                .isSorted();
        assertThat(server.loop.stats().requests()).isEqualTo(1000);
    }

    @Test
    void aRequestMayBeSplitAnywhere() throws IOException {
        byte[] request =
                "{'jsonrpc':'2.0','method':'echo','params':{'ä€😀':[1.5,-2e3,true,null,{'x':'\\u00e4\\n'}]},'id':'q'}"
                        .replace('\'', '"')
                        .getBytes(StandardCharsets.UTF_8);
        JsonNode expected = null;
        for (int split = 0; split <= request.length; split++) {
            client.send(java.util.Arrays.copyOfRange(request, 0, split));
            server.settle();
            client.send(java.util.Arrays.copyOfRange(request, split, request.length));
            JsonNode reply = client.reply();
            expected = expected == null ? reply : expected;
            assertThat(reply).as("split at %d", split).isEqualTo(expected);
        }
        assertThat(expected.get("result").get("ä€😀").get(0).doubleValue()).isEqualTo(1.5);
    }

    @Test
    void aRequestMayComeByteByByte() throws IOException {
        for (byte b : "{\"method\":\"echo\",\"id\":3} ".getBytes(StandardCharsets.UTF_8)) {
            client.send(new byte[] {b});
            server.poll();
        }
        assertThat(client.reply().get("id").intValue()).isEqualTo(3);
    }

    @Test
    void aBatchIsAnsweredInOneArrayInOrder() throws IOException {
        client.send("[" + request("later", 1) + ",1," + request("nope", 2) + ",{'method':'echo'}," + request("echo", 3)
                + ",[]]");
        assertThat(client.replies()).isEmpty();
        server.later.getFirst().complete("late");

        JsonNode reply = client.reply();

        assertThat(reply.isArray()).isTrue();
        assertThat(reply).hasSize(5);
        assertThat(reply.get(0)).isEqualTo(json("{'jsonrpc':'2.0','id':1,'result':'late'}"));
        assertThat(error(reply.get(1)).getKey()).isEqualTo(-32600);
        assertThat(error(reply.get(2)).getKey()).isEqualTo(-32601);
        assertThat(reply.get(3).get("id").intValue()).isEqualTo(3);
        assertThat(error(reply.get(4)).getKey()).isEqualTo(-32600);
    }

    @Test
    void laterAnswersDoNotHoldUpOthers() throws IOException {
        client.send(request("later", 1) + request("echo", 2));
        assertThat(client.reply().get("id").intValue()).isEqualTo(2);

        Thread completer =
                Thread.ofPlatform().start(() -> server.later.getFirst().complete(List.of(1)));
        join(completer);
        assertThat(client.reply()).isEqualTo(json("{'jsonrpc':'2.0','id':1,'result':[1]}"));
    }

    private static void join(Thread t) {
        try {
            t.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aHalfClosedConnectionStillGetsItsReplies() throws IOException {
        client.send(request("later", 1) + request("echo", 2));
        client.socket.shutdownOutput();
        assertThat(client.reply().get("id").intValue()).isEqualTo(2);
        assertThat(client.eof).isFalse();

        server.later.getFirst().complete(true);

        assertThat(client.reply().get("id").intValue()).isEqualTo(1);
        assertThat(client.eof).isTrue();
    }

    @Test
    void halfARequestAndTheEndIsJustTheEnd() throws IOException {
        client.send("{\"method\":\"ec");
        client.socket.shutdownOutput();

        assertThat(client.replies()).isEmpty();
        assertThat(client.eof).isTrue();
        assertThat(server.loop.stats().connections()).isZero();
    }
}
