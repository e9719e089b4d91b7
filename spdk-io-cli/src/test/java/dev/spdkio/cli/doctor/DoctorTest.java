// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.cli.Cli;
import dev.spdkio.sys.Hugepages;
import dev.spdkio.sys.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class DoctorTest {

    @TempDir
    private Path root;

    @Test
    void printsATableOfThisMachine() {
        Cli cli = Cli.run("doctor");
        assertThat(cli.exitCode()).isZero();
        assertThat(cli.err()).isEmpty();
        assertThat(cli.out().lines())
                .anyMatch(line -> line.matches("ok +JDK +Java 25.*"))
                .anyMatch(line -> line.matches("(ok|warn) +cores +\\d+ usable: .*"))
                .anyMatch(line -> line.matches("(ok|missing) +libspdk .*"));
    }

    @Test
    void jsonHasTheSameChecks() {
        Cli cli = Cli.run("doctor", "--json");
        JsonNode checks = JsonMapper.shared().readTree(cli.out()).get("checks");
        assertThat(checks.size()).isGreaterThan(5);
        for (JsonNode check : checks) {
            String state = check.get("state").asString();
            assertThat(state).isIn("ok", "warn", "missing");
            assertThat(check.get("found").asString()).isNotBlank();
            assertThat(check.has("remedy")).isEqualTo(!state.equals("ok"));
        }
    }

    @Test
    void judgesLimitsAndPages() {
        long mib = 1 << 20;
        assertThat(KernelChecks.memlock(limit(Limits.UNLIMITED)).state()).isEqualTo(Check.State.OK);
        Check low = KernelChecks.memlock(limit(8 * mib));
        assertThat(low.state()).isEqualTo(Check.State.WARN);
        assertThat(low.found()).isEqualTo("8M (hard limit 8M)");
        assertThat(low.remedy()).contains("ulimit -l unlimited");
        assertThat(KernelChecks.hugepages(new Hugepages.Info(8, 8, 2, 0, "always")))
                .isEqualTo(Check.ok("hugepages", "8 of 8 free, 12M available"));
        assertThat(KernelChecks.hugepages(new Hugepages.Info(0, 0, 0, 0, "always"))
                        .remedy())
                .contains("vm.nr_hugepages");
        assertThat(KernelChecks.transparent("never").state()).isEqualTo(Check.State.WARN);
        assertThat(KernelChecks.kernel("6.1.0-13-amd64").state()).isEqualTo(Check.State.OK);
        assertThat(KernelChecks.kernel("4.19.0").state()).isEqualTo(Check.State.WARN);
    }

    private static Limits.Limit limit(long bytes) {
        return new Limits.Limit("RLIMIT_MEMLOCK", "bytes", bytes, bytes);
    }

    @Test
    void findsControllersAndTheirDrivers() throws IOException {
        assertThat(new PciChecks(root).all()).extracting(Check::state).containsExactly(Check.State.MISSING);

        Path nvme = Files.createDirectories(root.resolve("sys/class/nvme/nvme0"));
        Files.writeString(nvme.resolve("model"), "Fast Disk 9   \n");
        Files.writeString(nvme.resolve("firmware_rev"), "1.0\n");
        Files.writeString(nvme.resolve("transport"), "pcie\n");
        pciDevice("0000:00:04.0", "0x010802", "nvme");
        pciDevice("0000:00:05.0", "0x010802", "vfio-pci");
        pciDevice("0000:00:06.0", "0x020000", "virtio-pci");

        List<Check> checks = new PciChecks(root).all();
        assertThat(checks)
                .extracting(Check::name)
                .containsExactly("NVMe nvme0", "NVMe 0000:00:04.0", "NVMe 0000:00:05.0");
        assertThat(checks.get(0).found()).isEqualTo("Fast Disk 9, firmware 1.0, over pcie, driven by the kernel");
        assertThat(checks.get(1).remedy()).contains("vfio-pci", "0000:00:04.0/driver_override");
        assertThat(checks.get(2)).isEqualTo(Check.ok("NVMe 0000:00:05.0", "driver vfio-pci, IOMMU group none"));
    }

    private void pciDevice(String address, String type, String driver) throws IOException {
        Path device =
                Files.createDirectories(root.resolve("sys/bus/pci/devices").resolve(address));
        Files.writeString(device.resolve("class"), type + "\n");
        Files.createSymbolicLink(device.resolve("driver"), Path.of("../../drivers/" + driver));
    }

    @Test
    void findsLibspdkWhereItMayBe() throws IOException {
        assertThat(new LibspdkCheck(root, Map.of()).check().found()).isEqualTo("not found; SPDK_HOME is not set");

        Path home = Files.createDirectories(root.resolve("spdk"));
        Map<String, String> environment = Map.of("SPDK_HOME", home.toString());
        assertThat(new LibspdkCheck(root, environment).check().found())
                .contains("nor below SPDK_HOME", home.toString());

        Path lib = Files.createDirectories(home.resolve("build/lib"));
        Files.createFile(lib.resolve("libspdk_bdev.a"));
        assertThat(new LibspdkCheck(root, environment).check().remedy()).contains("--with-shared");

        Files.createFile(lib.resolve("libspdk_bdev.so"));
        Files.createDirectory(lib.resolve("pkgconfig"));
        Files.writeString(lib.resolve("pkgconfig/spdk_bdev.pc"), "Name: spdk_bdev\nVersion: 26.05\n");
        assertThat(new LibspdkCheck(root, environment).check()).isEqualTo(Check.ok("libspdk", lib + ", version 26.05"));
    }

    @Test
    void readsTheFoldersOfTheDynamicLinker() throws IOException {
        Path lib = Files.createDirectories(root.resolve("srv/spdk"));
        Files.createFile(lib.resolve("libspdk_thread.so.11"));
        Files.createDirectories(root.resolve("etc/ld.so.conf.d"));
        Files.writeString(root.resolve("etc/ld.so.conf.d/spdk.conf"), "# SPDK\n/srv/spdk\n");
        assertThat(new LibspdkCheck(root, Map.of()).check()).isEqualTo(Check.ok("libspdk", lib.toString()));
    }
}
