// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ExitCode;

/** {@code serve} and {@code rpc} talk to each other. */
@Timeout(60)
class ServeTest {

    @TempDir
    private Path folder;

    private Path socket() {
        return folder.resolve("s.sock");
    }

    private CompletableFuture<Cli> serve(String... more) throws InterruptedException {
        String[] args = new String[more.length + 3];
        args[0] = "serve";
        args[1] = "-r";
        args[2] = socket().toString();
        System.arraycopy(more, 0, args, 3, more.length);
        CompletableFuture<Cli> running = CompletableFuture.supplyAsync(() -> Cli.run(args), Thread::startVirtualThread);
        while (!Files.exists(socket()) && !running.isDone()) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return running;
    }

    private Cli rpc(String... more) {
        String[] args = new String[more.length + 3];
        args[0] = "rpc";
        args[1] = "-s";
        args[2] = socket().toString();
        System.arraycopy(more, 0, args, 3, more.length);
        return Cli.run(args);
    }

    @Test
    void servesUntilItIsKilledByRpc() throws Exception {
        CompletableFuture<Cli> serve = serve();
        assertThat(rpc("bdev_malloc_create", "name=M0", "num_blocks=2048", "block_size=512"))
                .isEqualTo(new Cli(0, "\"M0\"\n", ""));

        Cli again = rpc("bdev_malloc_create", "{\"name\": \"M0\", \"num_blocks\": 2048, \"block_size\": 512}");
        assertThat(again.exitCode()).isOne();
        assertThat(again.out()).isEmpty();
        assertThat(again.errorLine())
                .startsWith("spdkio rpc: bdev_malloc_create: ")
                .contains("M0")
                .endsWith("(code -17)");

        assertThat(rpc("no_such_method").errorLine())
                .isEqualTo("spdkio rpc: no_such_method: Method not found (code -32601)");

        assertThat(rpc("spdk_kill_instance", "sig_name=SIGTERM").exitCode()).isZero();
        Cli ended = serve.get();
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(ended.out()).contains("listening on " + socket(), "spdkio rpc -s " + socket());
        assertThat(socket()).doesNotExist();
    }

    @Test
    void waitsForTheStartByRpc() throws Exception {
        CompletableFuture<Cli> serve = serve("--wait-for-rpc");
        assertThat(rpc("bdev_get_bdevs").errorLine()).contains("framework_start_init", "(code -1)");
        assertThat(rpc("framework_start_init").exitCode()).isZero();
        assertThat(rpc("bdev_get_bdevs")).isEqualTo(new Cli(0, "[]\n", ""));
        assertThat(rpc("spdk_kill_instance", "sig_name=SIGTERM").exitCode()).isZero();
        assertThat(serve.get().exitCode()).isZero();
    }

    @Test
    void badConfigurationIsABadCommandLine() throws Exception {
        Path config = Files.writeString(folder.resolve("c.json"), "{\"subsystems\": 1}");
        Cli cli = serve("-c", config.toString()).get();
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine()).startsWith("spdkio serve: ").contains(config.toString());
        assertThat(socket()).doesNotExist();
    }

    @Test
    void withoutAnApplicationRpcSaysWhatToDo() {
        Cli cli = rpc("rpc_get_methods");
        assertThat(cli.exitCode()).isOne();
        assertThat(cli.errorLine())
                .startsWith("spdkio rpc: cannot connect to RPC socket " + socket())
                .contains("is the application running");
    }

    @Test
    void badJsonIsABadCommandLine() {
        Cli cli = rpc("bdev_get_bdevs", "{\"name\": }");
        assertThat(cli.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(cli.errorLine())
                .startsWith("spdkio rpc: PARAMS is not JSON: line 1, column ")
                .endsWith("; see spdkio rpc --help");
    }
}
