// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.cli.Cli;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.ExitCode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(120)
class BlobCommandTest {
    private static final int MIB = 1 << 20;
    private static final String FIRST = "0x100000000";

    @TempDir
    private Path folder;

    private Path store() {
        return folder.resolve("store");
    }

    private Cli blob(String... args) {
        List<String> all = new ArrayList<>(List.of("blob"));
        all.addAll(List.of(args));
        all.addAll(List.of("--file", store().toString()));
        return Cli.run(all.toArray(String[]::new));
    }

    private JsonNode json(String... args) {
        String[] more = Arrays.copyOf(args, args.length + 1);
        more[args.length] = "--json";
        Cli cli = blob(more);
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        return JsonMapper.shared().readTree(cli.out());
    }

    private void init(String size) {
        Cli cli = blob("init", "--size", size);
        assertThat(cli.exitCode()).as(cli.err()).isZero();
    }

    /** Three clusters and a bit, of which the second and a part of the third are zero. */
    private static byte[] content(long seed) {
        byte[] content = new byte[3 * MIB + 777];
        new Random(seed).nextBytes(content);
        Arrays.fill(content, MIB, 2 * MIB + 5000, (byte) 0);
        return content;
    }

    private String exported(String id) {
        Path file = folder.resolve("exported-" + id);
        Cli cli = blob("export", id, file.toString());
        assertThat(cli.exitCode()).as(cli.err()).isZero();
        return file.toString();
    }

    @Test
    void aFileImportedComesBackFromTheBlobAndFromItsSnapshot() throws IOException {
        init("32M");
        Path first = Files.write(folder.resolve("first"), content(1));
        JsonNode imported = json("import", first.toString(), "--xattr", "name=first");
        assertThat(imported.get("id").asString()).isEqualTo(FIRST);
        assertThat(imported.get("allocated_clusters").asLong())
                .as("a hole stays one")
                .isEqualTo(3);
        assertThat(imported.get("length").asLong()).isEqualTo(3 * MIB + 777);

        String snapshot = json("snapshot", FIRST).get("id").asString();
        byte[] other = Arrays.copyOf(content(2), 2 * MIB + 1);
        Path second = Files.write(folder.resolve("second"), other);
        assertThat(json("import", second.toString(), "--blob", FIRST)
                        .get("clusters")
                        .asLong())
                .isEqualTo(3);
        assertThat(Path.of(exported(FIRST))).hasBinaryContent(other);
        assertThat(Path.of(exported(snapshot))).hasBinaryContent(content(1));

        String clone = json("clone", snapshot).get("id").asString();
        assertThat(json("inflate", clone).get("clone").asBoolean()).isFalse();
        assertThat(Path.of(exported(clone))).hasBinaryContent(content(1));
    }

    @Test
    void aThickBlobHasZeroesOfItsOwn() throws IOException {
        init("32M");
        Path file = Files.write(folder.resolve("first"), content(3));
        assertThat(json("import", file.toString(), "--thick")
                        .get("allocated_clusters")
                        .asLong())
                .isEqualTo(4);
        assertThat(Path.of(exported(FIRST))).hasBinaryContent(content(3));
    }

    @Test
    void blobsAreMadeChangedAndDeleted() {
        init("32M");
        assertThat(json("create", "--size", "5M", "--xattr", "name=one")
                        .get("allocated_clusters")
                        .asLong())
                .isEqualTo(5);
        String thin = json("create", "--size", "1G", "--thin").get("id").asString();
        assertThat(json("resize", FIRST, "2500k").get("clusters").asLong()).isEqualTo(3);
        assertThat(json("xattr", "set", FIRST, "colour", "red").get("xattrs").toString())
                .isEqualTo("{\"name\":\"one\",\"colour\":\"red\"}");
        json("xattr", "rm", FIRST, "name");
        json("set-super", FIRST);
        JsonNode list = json("list");
        assertThat(list.get("super_blob").asString()).isEqualTo(FIRST);
        assertThat(list.get("blobs")).hasSize(2);
        assertThat(blob("list").out())
                .containsPattern(FIRST + " +3M +3M thick +\\{colour=red\\}")
                .contains("1G");
        assertThat(blob("show", thin).out()).contains("thin               yes", "allocated clusters 0");
        json("delete", thin);
        assertThat(json("list").get("blobs")).hasSize(1);
        assertThat(blob("check").out()).endsWith("result             sound\n");
    }

    @Test
    void aDamagedBlobIsNamedAndTheOthersStay() throws IOException {
        init("32M");
        json("create", "--size", "1M");
        String second = json("create", "--size", "1M").get("id").asString();
        try (FileChannel channel = FileChannel.open(store(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThat(damage(channel, 0x1_0000_0000L)).isTrue();
        }
        byte[] before = Files.readAllBytes(store());
        Cli check = blob("check");
        assertThat(check.exitCode()).isEqualTo(4);
        assertThat(check.out())
                .contains(
                        "damage: blob " + FIRST + " is damaged: it has ",
                        "(--repair --drop " + FIRST + " gives it up)",
                        "result             damaged");
        assertThat(store()).hasBinaryContent(before);
        assertThat(blob("show", FIRST).exitCode()).isOne();
        assertThat(json("show", second).get("clusters").asLong()).isOne();
        assertThat(json("list").get("damaged").get(0).get("id").asString()).isEqualTo(FIRST);
    }

    @Test
    void aRepairTellsItsPlanFirstAndGivesUpWhatItIsTold() throws IOException {
        init("32M");
        json("create", "--size", "1M");
        String second = json("create", "--size", "1M").get("id").asString();
        try (FileChannel channel = FileChannel.open(store(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThat(damage(channel, 0x1_0000_0000L)).isTrue();
        }
        byte[] before = Files.readAllBytes(store());
        Cli plan = blob("check", "--drop", FIRST);
        assertThat(plan.exitCode()).isEqualTo(4);
        assertThat(plan.out()).contains("give up blob " + FIRST + ": clear its first page");
        assertThat(store()).hasBinaryContent(before);
        assertThat(blob("check", "--repair").exitCode()).isEqualTo(4);
        assertThat(store()).as("nothing may be done").hasBinaryContent(before);
        assertThat(blob("check", "--drop", second).errorLine())
                .contains("blob " + second + " of the store on bdev File0 is not damaged");
        Cli repair = blob("check", "--repair", "--drop", FIRST);
        assertThat(repair.exitCode()).as(repair.err()).isZero();
        assertThat(repair.out())
                .containsSubsequence("result             damaged", "blobs              1", "result             sound");
        assertThat(json("list").get("blobs")).hasSize(1);
        assertThat(json("check").get("findings")).isEmpty();
    }

    @Test
    void aBlobIsFilledAndTheMetadataDumped() throws IOException {
        init("32M");
        json("create", "--size", "2M", "--thin", "--xattr", "name=one");
        assertThat(json("fill", FIRST, "0xab").get("size").asLong()).isEqualTo(2 * MIB);
        byte[] filled = new byte[2 * MIB];
        Arrays.fill(filled, (byte) 0xab);
        assertThat(Path.of(exported(FIRST))).hasBinaryContent(filled);
        assertThat(blob("fill", FIRST, "256").errorLine()).contains("BYTE '256' is none: 0 to 255");

        JsonNode dump = json("dump");
        assertThat(dump.get("super_block").get("clean").asBoolean()).isTrue();
        assertThat(dump.get("blobs").asInt()).isOne();
        assertThat(dump.get("pages").get(0).get("blob").asString()).isEqualTo(FIRST);
        assertThat(json("dump", "--blob", "0x100000009").get("pages")).isEmpty();
        assertThat(json("dump", "--first", "5", "--count", "3").get("pages")).isEmpty();
        assertThat(blob("dump").out())
                .contains(
                        "super block version 3\n",
                        "page 0, offset ",
                        "  type xattr, name name, length 3, value one\n",
                        "  type extent_page, place 0, clusters [");
    }

    @Test
    void aFileThatMayNotBeWrittenIsChecked() throws IOException {
        init("32M");
        String before = Files.getLastModifiedTime(store()).toString();
        assertThat(store().toFile().setReadOnly()).isTrue();
        JsonNode check = json("check");
        assertThat(check.get("result").asString()).isEqualTo("sound");
        assertThat(check.get("clusters").asLong()).isEqualTo(32);
        assertThat(Files.getLastModifiedTime(store())).hasToString(before);
    }

    /** Changes a byte of the page of metadata that begins with the identifier. */
    private static boolean damage(FileChannel channel, long id) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        for (long at = 4096; at < MIB; at += 4096) {
            channel.read(page.clear(), at);
            if (page.getLong(0) == id) {
                channel.write(ByteBuffer.wrap(new byte[] {1}), at + 2000);
                return true;
            }
        }
        return false;
    }

    @Test
    void aDeviceOfAConfigurationWillDo() throws IOException {
        Path disk = Files.write(folder.resolve("disk"), new byte[16 * MIB]);
        Path config = Files.writeString(folder.resolve("c.json"), """
                {"subsystems": [{"subsystem": "bdev", "config": [{"method": "bdev_aio_create",
                "params": {"name": "A", "filename": "%s", "block_size": 4096}}]}]}""".formatted(disk));
        String[] device = {"-c", config.toString(), "-b", "A"};
        assertThat(Cli.run("blob", "init", device[0], device[1], device[2], device[3], "--type", "MINE")
                        .out())
                .contains("io unit size       4096", "type               MINE");
        Cli list = Cli.run("blob", "list", device[0], device[1], device[2], device[3]);
        assertThat(list.exitCode()).as(list.err()).isZero();
        assertThat(list.out()).contains("bdev               A");
    }

    @Test
    void whatIsWrongIsSaidInALine() throws IOException {
        Cli missing = blob("list");
        assertThat(missing.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(missing.errorLine()).contains("--file " + store() + " does not exist: spdkio blob init --size");
        assertThat(blob("show", "7").errorLine()).contains("'7' is no identifier of a blob");
        assertThat(Cli.run("blob", "list").errorLine())
                .startsWith("spdkio blob list: give one of --file PATH and -c FILE");
        assertThat(blob("init", "--size", "4M", "--cluster-size", "5000").errorLine())
                .contains("clusterSize 5000: a multiple of 4096");
        assertThat(store()).doesNotExist();
        Files.write(store(), new byte[4 * MIB]);
        Cli none = blob("list");
        assertThat(none.exitCode()).isOne();
        assertThat(none.errorLine())
                .startsWith("spdkio blob list: ")
                .contains("there is no blobstore on it that can be read; init makes one");
        assertThat(blob("init").exitCode()).isZero();
        assertThat(blob("show", FIRST).errorLine())
                .startsWith("spdkio blob show: ")
                .contains("ENOENT");
    }
}
