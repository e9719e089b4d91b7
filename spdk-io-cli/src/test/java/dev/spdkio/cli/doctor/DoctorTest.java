// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.cli.Cli;
import dev.spdkio.spdk.Spdk;
import dev.spdkio.spdk.SpdkUnavailableException;
import dev.spdkio.sys.Hugepages;
import dev.spdkio.sys.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void saysWhetherSpdkCanBeUsedAndWhyNot() {
        assertThat(LibspdkCheck.check().state()).isEqualTo(Spdk.isAvailable() ? Check.State.OK : Check.State.MISSING);
        assertThat(LibspdkCheck.verdict(null, "v26.05 in /opt")).isEqualTo(Check.ok("libspdk", "v26.05 in /opt"));
        SpdkUnavailableException cause = new SpdkUnavailableException(
                "SPDK in /opt cannot be loaded", "install what is missing", List.of("library a", "symbol b"));
        assertThat(LibspdkCheck.verdict(cause, ""))
                .isEqualTo(Check.missing(
                        "libspdk",
                        "SPDK in /opt cannot be loaded: library a; symbol b",
                        "only for the SPDK engine: install what is missing"));
        assertThat(LibspdkCheck.verdict(new LinkageError("odd"), "").found()).contains("odd");
    }

    @Test
    void saysWhoHoldsACore() throws IOException {
        assertThat(new CoreLocksCheck(root).check().state()).isEqualTo(Check.State.OK);
        Path tmp = Files.createDirectories(root.resolve("var/tmp"));
        Path held = Files.createFile(tmp.resolve("spdk_cpu_lock_007"));
        Files.createFile(tmp.resolve("spdk_cpu_lock_012"));
        Files.createDirectories(root.resolve("proc"));
        Files.writeString(
                root.resolve("proc/locks"),
                "1: FLOCK  ADVISORY  WRITE 1 00:1a:1 0 EOF\n2: POSIX  ADVISORY  WRITE 4711 fd:00:%s 0 EOF\n"
                        .formatted(Files.getAttribute(held, "unix:ino")));
        Check check = new CoreLocksCheck(root).check();
        assertThat(check.state()).isEqualTo(Check.State.WARN);
        assertThat(check.found()).isEqualTo("core 7 by process 4711");
    }
}
