// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.SpdkApp;
import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The guide to configuration has every RPC method with exactly its parameters, and configurations that load. */
class RpcDocsTest {
    private static final Path GUIDE = Path.of("../docs/configuration.md");
    private static final Pattern KNOWN = Pattern.compile("known are (.*)");

    /** A method takes anything here: its parameters are a configuration. */
    private static final Set<String> UNTYPED = Set.of("load_config");

    @TempDir
    Path folder;

    @Test
    void everyMethodHasItsParameters() throws Exception {
        Map<String, Set<String>> documented = documented();
        try (SpdkApp starting = SpdkApp.builder()
                        .name("starting")
                        .rpcAddress(folder.resolve("rpc.sock"))
                        .waitForRpc()
                        .start();
                SpdkApp running = SpdkApp.builder().name("running").start()) {
            List<String> methods = running.rpc().methods(false, false);
            assertThat(documented.keySet()).containsExactlyInAnyOrderElementsOf(methods);
            List<String> complaints = new ArrayList<>();
            for (String method : methods) {
                boolean runs = running.rpc().statesOf(method).contains(RpcState.RUNTIME);
                Set<String> actual = parameters(runs ? running : starting, method);
                if (!UNTYPED.contains(method) && !actual.equals(documented.get(method))) {
                    complaints.add(method + " takes " + actual + ", but the guide has " + documented.get(method));
                }
            }
            assertThat(complaints).isEmpty();
        }
    }

    /** By asking for one that there is not: the answer names those that are known. */
    private static Set<String> parameters(SpdkApp app, String method) {
        if (UNTYPED.contains(method)) {
            return Set.of();
        }
        JsonNode wrong = JsonNodeFactory.instance.objectNode().put("no_such_parameter", 1);
        try {
            app.call(() -> app.rpc().call(method, wrong))
                    .thenCompose(reply -> reply)
                    .join();
        } catch (CompletionException e) {
            RpcException refused = (RpcException) e.getCause();
            assertThat(refused.code()).as(method + ": " + refused).isEqualTo(RpcErrorCode.INVALID_PARAMS);
            Matcher known = KNOWN.matcher(String.valueOf(refused.getMessage()));
            return known.find() ? new TreeSet<>(List.of(known.group(1).split(", "))) : Set.of();
        }
        throw new AssertionError(method + " takes a parameter that there is not");
    }

    private static Map<String, Set<String>> documented() throws IOException {
        Markdown guide = Markdown.read(GUIDE);
        Map<Integer, String> headings = new TreeMap<>();
        for (Markdown.Piece heading : guide.headings()) {
            List<Markdown.Piece> code = Markdown.codeIn(heading);
            headings.put(heading.line(), code.isEmpty() ? "" : code.getFirst().text());
        }
        Map<String, Set<String>> documented = new TreeMap<>();
        headings.values().stream()
                .filter(name -> !name.isEmpty())
                .forEach(name -> documented.put(name, new TreeSet<>()));
        for (Markdown.Row row : guide.rows()) {
            String parameter = row.cell("parameter");
            String method =
                    ((TreeMap<Integer, String>) headings).lowerEntry(row.line()).getValue();
            if (parameter != null && documented.containsKey(method)) {
                documented
                        .get(method)
                        .addAll(List.of(parameter.replaceAll("[*`]", "").split(", ")));
            }
        }
        return documented;
    }

    @Test
    void configurationsLoad() throws Exception {
        List<String> configurations = new ArrayList<>();
        try (Stream<Path> guides = Files.list(Path.of("../docs"))) {
            for (Path guide : guides.filter(f -> f.toString().endsWith(".md")).toList()) {
                Markdown.read(guide).blocks().stream()
                        .filter(block -> block.language().equals("json"))
                        .map(block -> String.join("\n", block.lines()))
                        .filter(json -> json.contains("\"subsystems\""))
                        .forEach(configurations::add);
            }
        }
        assertThat(configurations).isNotEmpty();
        for (String json : configurations) {
            try (SpdkApp app = SpdkApp.builder().configJson(json).start()) {
                assertThat(app.bdevs().bdevs()).isNotEmpty();
            }
        }
    }
}
