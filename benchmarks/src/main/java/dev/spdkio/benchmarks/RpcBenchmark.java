// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.benchmarks;

import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.infra.Blackhole;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A JSON-RPC method called in process. */
public class RpcBenchmark extends ReactorBenchmark {
    private static final int CALLS = 1000;
    private static final String TEXT = "{\"name\": \"Null0\", \"num_blocks\": 262144, \"block_size\": 4096}";

    /** Parameters like those of most methods. */
    public record Params(String name, long numBlocks, int blockSize) {}

    private final RpcRegistry registry = new RpcRegistry();
    private final JsonMapper mapper = JsonMapper.shared();
    private final JsonNode params = mapper.readTree(TEXT);

    @Override
    protected void prepare() {
        registry.register("bench", Params.class, p -> p.numBlocks() * p.blockSize());
        registry.setState(RpcState.RUNTIME);
    }

    /** From parsed parameters to the result as a tree. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void dispatch(Blackhole hole) throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < CALLS; i++) {
                hole.consume(registry.call("bench", params).join());
            }
        });
    }

    /** From text to text. */
    @Benchmark
    @OperationsPerInvocation(CALLS)
    public void dispatchText(Blackhole hole) throws InterruptedException {
        onThread(() -> {
            for (int i = 0; i < CALLS; i++) {
                JsonNode result = registry.call("bench", mapper.readTree(TEXT)).join();
                hole.consume(mapper.writeValueAsString(result));
            }
        });
    }
}
