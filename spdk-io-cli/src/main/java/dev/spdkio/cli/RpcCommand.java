// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcClient;
import dev.spdkio.rpc.RpcException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code spdkio rpc}. */
@Command(
        name = "rpc",
        description =
                "Call an RPC method of a running application, of this library or SPDK itself, and print its result.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "  spdkio rpc bdev_get_bdevs",
            "  spdkio rpc bdev_malloc_create name=Malloc0 num_blocks=131072 block_size=512",
            "  spdkio rpc bdev_get_bdevs '{\"name\": \"Malloc0\"}'",
            "",
            "A value of key=value is JSON if it can be read as that, else text.",
        })
public final class RpcCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = {"-s", "--socket"},
            paramLabel = "PATH",
            description = "The application's socket; by default that of the only one that runs.")
    private @Nullable Path socket;

    @Option(
            names = {"-t", "--timeout"},
            paramLabel = "SECONDS",
            defaultValue = "60",
            converter = Seconds.class,
            description = "How long to wait for the reply; default ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Duration timeout;

    @Parameters(index = "0", paramLabel = "METHOD", description = "The method; rpc_get_methods lists them.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String method;

    @Parameters(index = "1..*", paramLabel = "PARAMS", description = "One JSON object, or key=value pairs.")
    private List<String> params = List.of();

    @Override
    public Integer call() throws SpdkException {
        JsonNode tree;
        try {
            tree = RpcParams.parse(params);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
        Path path = socket != null ? socket : RpcSockets.theOnlyOne();
        try (RpcClient client = RpcClient.connect(path, timeout)) {
            JsonNode result = client.call(method, tree);
            PrintWriter out = spec.commandLine().getOut();
            out.print(PrettyJson.write(result));
            out.flush();
            return ExitCode.OK;
        } catch (RpcException e) {
            throw new CommandFailedException(e.getMessage() + " (code " + e.code() + ")");
        }
    }
}
