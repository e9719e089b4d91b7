// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import dev.spdkio.cli.ByteSize;
import dev.spdkio.sys.Hugepages;
import dev.spdkio.sys.IoUring;
import dev.spdkio.sys.Limits;
import dev.spdkio.sys.Platform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel offers, and the limits it sets for this process. */
final class KernelChecks {
    /** Before it io_uring lacks operations that the uring device uses. */
    private static final int[] OLDEST_KERNEL = {5, 15};

    private static final long ENOUGH_MEMLOCK = 64L << 20;
    private static final long ENOUGH_FILES = 4096;

    private final SysFiles sys;

    KernelChecks(Path root) {
        this.sys = new SysFiles(root);
    }

    List<Check> all() {
        if (!Platform.isLinux()) {
            return List.of(Check.missing(
                    "kernel",
                    System.getProperty("os.name") + " " + Platform.kernelRelease(),
                    "files go through FileChannel (aio) here; io_uring and NVMe need Linux"));
        }
        List<Check> checks = new ArrayList<>();
        checks.add(kernel(Platform.kernelRelease()));
        checks.add(ioUring());
        checks.add(memlock(Limits.memlock()));
        checks.add(openFiles(Limits.openFiles()));
        checks.add(hugepages(Hugepages.info()));
        checks.add(transparent(Hugepages.info().transparent()));
        checks.add(iommu());
        checks.add(vfio());
        return checks;
    }

    static Check kernel(String release) {
        String found = "Linux " + release + " on " + Platform.arch();
        Matcher m = Pattern.compile("(\\d+)\\.(\\d+).*").matcher(release);
        if (m.matches()) {
            int major = Integer.parseInt(m.group(1));
            int minor = Integer.parseInt(m.group(2));
            if (major < OLDEST_KERNEL[0] || (major == OLDEST_KERNEL[0] && minor < OLDEST_KERNEL[1])) {
                return Check.warn(
                        "kernel",
                        found,
                        "io_uring is at its best from Linux " + OLDEST_KERNEL[0] + "." + OLDEST_KERNEL[1] + " on");
            }
        }
        return Check.ok("kernel", found);
    }

    private static Check ioUring() {
        String cause = IoUring.unavailabilityCause();
        return cause == null
                ? Check.ok("io_uring", "available")
                : Check.missing("io_uring", "not available; files go through FileChannel (aio) instead", cause);
    }

    static Check memlock(Limits.Limit limit) {
        String found = limit.soft() == Limits.UNLIMITED
                ? "unlimited"
                : ByteSize.format(limit.soft()) + " (hard limit "
                        + (limit.hard() == Limits.UNLIMITED ? "unlimited" : ByteSize.format(limit.hard())) + ")";
        return limit.soft() >= ENOUGH_MEMLOCK
                ? Check.ok("memlock", found)
                : Check.warn(
                        "memlock",
                        found,
                        "buffers beyond it cannot be registered or locked: ulimit -l unlimited,"
                                + " or LimitMEMLOCK=infinity in the systemd unit");
    }

    static Check openFiles(Limits.Limit limit) {
        String found = limit.soft() == Limits.UNLIMITED ? "unlimited" : Long.toString(limit.soft());
        return limit.soft() >= ENOUGH_FILES
                ? Check.ok("open files", found)
                : Check.warn(
                        "open files", found, "ulimit -n " + ENOUGH_FILES + ", or LimitNOFILE= in the systemd unit");
    }

    static Check hugepages(Hugepages.Info info) {
        String found = info.total() == 0
                ? "none of 2 MiB"
                : info.free() + " of " + info.total() + " free, " + ByteSize.format(info.availableBytes())
                        + " available";
        return info.availableBytes() > 0
                ? Check.ok("hugepages", found)
                : Check.warn(
                        "hugepages",
                        found,
                        "only faster, and for SPDK's engine to drive PCIe devices: sysctl -w vm.nr_hugepages=512");
    }

    static Check transparent(String mode) {
        return mode.equals("never")
                ? Check.warn(
                        "transparent hugepages",
                        mode,
                        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, for fewer TLB misses")
                : Check.ok("transparent hugepages", mode);
    }

    private Check iommu() {
        int groups = sys.list("sys/kernel/iommu_groups").size();
        return groups > 0
                ? Check.ok("IOMMU", groups + " groups")
                : Check.missing(
                        "IOMMU",
                        "no groups",
                        "only to drive NVMe over PCIe from user space: enable VT-d or AMD-Vi in the firmware and boot"
                                + " with intel_iommu=on or amd_iommu=on");
    }

    private Check vfio() {
        if (!sys.exists("dev/vfio/vfio")) {
            return Check.missing(
                    "vfio", "no /dev/vfio/vfio", "only to drive NVMe over PCIe from user space: modprobe vfio-pci");
        }
        return Files.isWritable(sys.path("dev/vfio/vfio"))
                ? Check.ok("vfio", "/dev/vfio/vfio")
                : Check.warn("vfio", "/dev/vfio/vfio is not writable", "run as root, or give the group of the device");
    }
}
