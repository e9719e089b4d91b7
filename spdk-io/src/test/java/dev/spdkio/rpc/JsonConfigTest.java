// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.error.SpdkException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reading, replaying and saving configurations; the application is a table of disks. */
class JsonConfigTest {
    record Create(String name, int blockSize, long numBlocks) {}

    record SetOptions(int poolSize, Optional<Boolean> autoExamine) {}

    @TempDir
    Path directory;

    private final RpcRegistry registry = new RpcRegistry();
    private final Subsystems subsystems = new Subsystems();
    private final Map<String, Create> disks = new TreeMap<>();
    private final List<String> log = new ArrayList<>();
    private final Queue<Runnable> appThread = new ArrayDeque<>();
    private int poolSize = 65535;

    @BeforeEach
    void register() {
        registry.register("bdev_set_options", RpcState.ONLY_STARTUP, SetOptions.class, p -> {
            log.add("options " + p.poolSize());
            poolSize = p.poolSize();
            return true;
        });
        registry.register("log_set", RpcState.ALWAYS, NoParams.class, _ -> log.add("log in " + registry.state()));
        registry.register("bdev_create", Create.class, p -> {
            if (disks.putIfAbsent(p.name(), p) != null) {
                throw new SpdkException(17, "bdev " + p.name() + " exists: choose another name");
            }
            log.add("create " + p.name());
            return p.name();
        });
        registry.register("bdev_create_later", Create.class, p -> {
            CompletableFuture<String> f = new CompletableFuture<>();
            appThread.add(() -> {
                log.add("create later " + p.name());
                disks.put(p.name(), p);
                f.complete(p.name());
            });
            return f;
        });
        subsystems.add(new ConfigSource() {
            @Override
            public String subsystem() {
                return "bdev";
            }

            @Override
            public void write(List<MethodCall> out) {
                out.add(new MethodCall("bdev_set_options", Map.of("pool_size", poolSize)));
                disks.values().forEach(d -> out.add(new MethodCall("bdev_create", d)));
            }
        });
    }

    private static String quotes(String text) {
        return text.replace('\'', '"');
    }

    private JsonConfig parse(String text) throws ConfigException {
        return JsonConfig.parse("app.json", quotes(text));
    }

    private CompletableFuture<JsonConfig.Report> load(JsonConfig config, boolean ignoreErrors) {
        CompletableFuture<JsonConfig.Report> f =
                config.load(registry, subsystems, appThread::add, new JsonConfig.Options(ignoreErrors, () -> {
                    log.add("init");
                    return CompletableFuture.completedFuture(null);
                }));
        while (!appThread.isEmpty()) {
            appThread.remove().run();
        }
        return f;
    }

    private JsonConfig.Report loaded(String text) throws ConfigException {
        return load(parse(text), false).join();
    }

    private static final String DISK =
            "{'method':'bdev_create','params':{'name':'%s','block_size':512,'num_blocks':8}}";

    private static String bdev(String... entries) {
        return "{'subsystems':[{'subsystem':'bdev','config':[" + String.join(",", entries) + "]}]}";
    }

    @Test
    void callsStartupMethodsThenInitialisesThenTheRest() throws ConfigException {
        JsonConfig.Report report = loaded(bdev(
                DISK.formatted("a"),
                "{'method':'log_set'}",
                "{'method':'bdev_set_options','params':{'pool_size':7}}",
                "{'method':'bdev_create_later','params':{'name':'b','block_size':512,'num_blocks':8}}",
                DISK.formatted("c")));

        assertThat(log)
                .containsExactly("log in STARTUP", "options 7", "init", "create a", "create later b", "create c");
        assertThat(report).isEqualTo(new JsonConfig.Report(5, 0, List.of()));
        assertThat(registry.state()).isEqualTo(RpcState.RUNTIME);
    }

    @Test
    void anApplicationThatRunsPassesOverWhatComesTooLate() throws ConfigException {
        registry.setState(RpcState.RUNTIME);

        JsonConfig.Report report = loaded(bdev(
                "{'method':'bdev_set_options','params':{'pool_size':7}}", "{'method':'log_set'}", DISK.formatted("a")));

        assertThat(log).containsExactly("log in RUNTIME", "create a");
        assertThat(report).isEqualTo(new JsonConfig.Report(2, 1, List.of()));
    }

    @Test
    void withoutInitialisationOnlyStartupMethodsAreCalled() throws ConfigException {
        CompletableFuture<JsonConfig.Report> f = parse(bdev("{'method':'log_set'}", DISK.formatted("a")))
                .load(registry, subsystems, Runnable::run, new JsonConfig.Options(false, null));

        assertThat(f.join()).isEqualTo(new JsonConfig.Report(1, 1, List.of()));
        assertThat(registry.state()).isEqualTo(RpcState.STARTUP);
    }

    @Test
    void batchesAreDissolved() throws ConfigException {
        loaded(bdev("[" + DISK.formatted("a") + "," + DISK.formatted("b") + "]", "[]", DISK.formatted("c")));

        assertThat(disks).containsOnlyKeys("a", "b", "c");
    }

    @Test
    void commentsAndOtherRootMembersAreAllowed() throws ConfigException {
        loaded(
                "/* SPDK allows\n comments */ {'note':[1], // and this\n 'subsystems':[{'subsystem':'bdev','config':null}]}");

        assertThat(log).containsExactly("init");
    }

    @Test
    void nothingToDoIsFine() throws ConfigException {
        assertThat(loaded("{}")).isEqualTo(new JsonConfig.Report(0, 0, List.of()));
        assertThat(loaded("{'subsystems':[]}")).isEqualTo(new JsonConfig.Report(0, 0, List.of()));
    }

    @Test
    void subsystemsOfSpdkThatAreNotHereArePassedOver() throws ConfigException {
        JsonConfig.Report report = loaded("{'subsystems':[{'subsystem':'accel','config':[{'method':'accel_set_options',"
                + "'params':{'small_cache_size':128}}]},{'subsystem':'iobuf','config':[{'method':'iobuf_set_options'},"
                + "{'method':'log_set'}]}]}");

        assertThat(report).isEqualTo(new JsonConfig.Report(1, 2, List.of()));
    }

    @Test
    void savedStateReloadsToTheSame() throws ConfigException {
        loaded(bdev(
                "{'method':'bdev_set_options','params':{'pool_size':9}}", DISK.formatted("b"), DISK.formatted("a")));
        String saved = subsystems.save().toPrettyString();

        JsonConfigTest fresh = new JsonConfigTest();
        fresh.register();
        fresh.loaded(saved);

        assertThat(fresh.disks).isEqualTo(disks);
        assertThat(fresh.poolSize).isEqualTo(9);
        assertThat(fresh.subsystems.save().toPrettyString()).isEqualTo(saved);
    }

    @Test
    void thousandsOfEntriesNeedNoStack() throws ConfigException {
        String[] entries = new String[20_000];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = DISK.formatted("d" + i);
        }
        CompletableFuture<JsonConfig.Report> f = parse(bdev(entries))
                .load(
                        registry,
                        subsystems,
                        Runnable::run,
                        new JsonConfig.Options(false, () -> CompletableFuture.completedFuture(null)));

        assertThat(f.join().called()).isEqualTo(20_000);
    }

    /** Line breaks are written as a hash. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                " | app.json: the configuration is empty: write at least {\"subsystems\": []}",
                "// c# | app.json: the configuration is empty: write at least {\"subsystems\": []}",
                "[] | app.json:1:1: is an array: expected an object {\"subsystems\": [...]}",
                "{'subsystems':{}} | app.json:1:15: subsystems: is an object: expected an array",
                "{'subsystems':[#1]} | app.json:2:1: subsystems[0]: is 1: expected {\"subsystem\": \"bdev\", \"config\": [...]}",
                "{'subsystems':[{'config':[]}]} | app.json:1:16: subsystems[0]: 'subsystem' is missing: expected a string",
                "{'subsystems':[{'subsystem':1,'config':[]}]} | app.json:1:29: subsystems[0].subsystem: is 1: expected a"
                        + " string",
                "{'subsystems':[{'subsystem':'bdev'}]} | app.json:1:16: subsystems[0]: 'config' is missing: expected an"
                        + " array, or null for none",
                "{'subsystems':[{'subsystem':'bdev','config':{}}]} | app.json:1:45: subsystems[0].config: is an object:"
                        + " expected an array",
                "{'subsystems':[{'subsystem':'bdev','config':[],'confg':1}]} | app.json:1:56: subsystems[0].confg: is"
                        + " unknown: expected {\"subsystem\": \"bdev\", \"config\": [...]}",
                "{'subsystems':[{'subsystem':'bdev','config':[[[]]]}]} | app.json:1:47: subsystems[0].config[0][0]: is an"
                        + " array: expected {\"method\": \"bdev_malloc_create\", \"params\": {...}}",
                "{'subsystems':[{'subsystem':'bdev','config':[{'params':{}}]}]} | app.json:1:46: subsystems[0].config[0]:"
                        + " 'method' is missing: expected a string",
                "{'subsystems':[{'subsystem':'bdev','config':[{'method':'x','param':{}}]}]} | app.json:1:68:"
                        + " subsystems[0].config[0].param: is unknown: expected {\"method\": \"bdev_malloc_create\","
                        + " \"params\": {...}}",
                "{'subsystems':[{'subsystem':'bdev','config':[{'method':'x','params':[]}]}]} | app.json:1:69:"
                        + " subsystems[0].config[0].params: is an array: expected an object, or leave it out",
                "{'subsystems':[#],'subsystems':[]} | app.json:2:3: subsystems: occurs twice in one object: keep one of"
                        + " them",
                "{'subsystems':[]} x | app.json:1:19: not valid JSON:",
                "{'subsystems':[]} {} | app.json:1:19: text after the end of the configuration",
                "{'subsystems':[#  {'subsystem':'bdev' 'config':[]}]} | app.json:2:23: not valid JSON: Unexpected character"
                        + " ('\"' (code 34)): was expecting comma to separate Object entries",
                "{'subsystems':[ | not valid JSON: Unexpected end-of-input",
            })
    void saysWhereTheFileIsWrong(String text, String message) {
        assertThatThrownBy(() -> parse(text == null ? "" : text.replace('#', '\n')))
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(22))
                .hasMessageContaining(message);
    }

    private ConfigException failure(String text) throws ConfigException {
        CompletableFuture<JsonConfig.Report> f = load(parse(text), false);
        assertThat(f.isCompletedExceptionally()).isTrue();
        return (ConfigException) f.exceptionNow();
    }

    @Test
    void saysWhichParameterIsWrong() throws ConfigException {
        ConfigException e = failure("{'subsystems':[{'subsystem':'bdev','config':[\n" + DISK.formatted("a") + ",\n"
                + "  {'method':'bdev_create',\n   'params':{'name':'b',\n     'block_size':'512','num_blocks':1}}]}]}");

        assertThat(e)
                .hasMessage(
                        "app.json:5:19: subsystems[0].config[1].params.block_size: bdev_create: parameter 'block_size'"
                                + " is the string \"512\": expected an integer (code -32602)");
        assertThat(e.path()).isEqualTo("subsystems[0].config[1].params.block_size");
        assertThat(e.line()).isEqualTo(5);
        assertThat(e.column()).isEqualTo(19);
        assertThat(e.source()).isEqualTo("app.json");
        assertThat(e.getCause()).isInstanceOf(RpcException.class);
        assertThat(disks).containsOnlyKeys("a");
    }

    @Test
    void aMissingParameterIsShownAtItsObject() throws ConfigException {
        assertThat(failure(bdev("\n {'method':'bdev_create','params':\n  {'name':'b'}}")))
                .hasMessage(
                        "app.json:3:3: subsystems[0].config[0].params.block_size: bdev_create: parameter 'block_size' is"
                                + " missing: expected an integer (code -32602)");
    }

    @Test
    void aMethodThatFailsIsShownAtItsEntry() throws ConfigException {
        assertThat(failure(bdev(DISK.formatted("a"), "\n" + DISK.formatted("a"))))
                .hasMessage("app.json:2:1: subsystems[0].config[1]: bdev_create: bdev a exists: choose another name"
                        + " (code -17)");
    }

    @Test
    void unknownMethodsAndSubsystemsAreFoundBeforeAnythingIsDone() throws ConfigException {
        assertThat(failure(bdev(DISK.formatted("a"), "\n{'method':'bdev_lvol_create'}")))
                .hasMessage(
                        "app.json:2:11: subsystems[0].config[1].method: method 'bdev_lvol_create' does not exist in this"
                                + " application: remove the entry, or ignore errors");
        assertThat(failure("{'subsystems':[{'subsystem':'bdevs','config':[{'method':'bdev_x'}]}]}"))
                .hasMessage(
                        "app.json:1:47: subsystems[0].config[0]: subsystem 'bdevs' is unknown: this application has bdev");
        assertThat(log).isEmpty();
    }

    @Test
    void errorsMayBeIgnored() throws ConfigException {
        JsonConfig.Report report = load(
                        parse(bdev(
                                DISK.formatted("a"),
                                DISK.formatted("a"),
                                "{'method':'nope'}",
                                "{'method':'bdev_create'}",
                                DISK.formatted("b"))),
                        true)
                .join();

        assertThat(disks).containsOnlyKeys("a", "b");
        assertThat(report.called()).isEqualTo(2);
        assertThat(report.errors()).hasSize(3);
    }

    @Test
    void aFailedInitialisationFailsTheLoad() throws ConfigException {
        CompletableFuture<JsonConfig.Report> f = parse(bdev(DISK.formatted("a")))
                .load(
                        registry,
                        subsystems,
                        Runnable::run,
                        new JsonConfig.Options(
                                false, () -> CompletableFuture.failedFuture(new SpdkException(12, "no memory"))));

        assertThat(f.exceptionNow()).hasMessage("no memory");
        assertThat(disks).isEmpty();
    }

    @Test
    void readsFiles() throws IOException {
        Path file = Files.writeString(directory.resolve("c.json"), quotes(bdev("{'method':1}")));

        assertThatThrownBy(() -> JsonConfig.read(file))
                .hasMessage(file + ":1:56: subsystems[0].config[0].method: is 1: expected a string");
        assertThatThrownBy(() -> JsonConfig.read(directory.resolve("none.json")))
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(2))
                .hasMessage("configuration " + directory.resolve("none.json") + " does not exist: check the path");
        Files.write(file, "{\"a\":\"ä\"}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> JsonConfig.read(file)).hasMessage(file + ": not UTF-8: save it as UTF-8");
        Files.writeString(file, quotes(bdev(DISK.formatted("a"))));
        assertThat(JsonConfig.read(file).calls()).hasSize(1);
    }
}
