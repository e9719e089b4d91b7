// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The NVMe controllers: those that the kernel drives, and those on the PCI bus whoever drives them. */
final class PciChecks {
    /** Mass storage, non-volatile memory; the last two digits are the programming interface. */
    private static final String NVME_CLASS = "0x0108";

    private final SysFiles sys;

    PciChecks(Path root) {
        this.sys = new SysFiles(root);
    }

    List<Check> all() {
        List<Check> checks = new ArrayList<>();
        for (Path controller : sys.list("sys/class/nvme")) {
            checks.add(Check.ok(
                    "NVMe " + controller.getFileName(),
                    "%s, firmware %s, over %s, driven by the kernel"
                            .formatted(
                                    SysFiles.text(controller.resolve("model")),
                                    SysFiles.text(controller.resolve("firmware_rev")),
                                    SysFiles.text(controller.resolve("transport")))));
        }
        for (Path device : sys.list("sys/bus/pci/devices")) {
            if (SysFiles.text(device.resolve("class")).startsWith(NVME_CLASS)) {
                checks.add(pci(device));
            }
        }
        if (checks.isEmpty()) {
            checks.add(Check.missing(
                    "NVMe",
                    "no controller",
                    "use a file (perf --file), memory (perf --malloc), or a remote controller over NVMe/TCP"));
        }
        return checks;
    }

    private static Check pci(Path device) {
        String name = "NVMe " + device.getFileName();
        String driver = SysFiles.linkName(device.resolve("driver"));
        String found = "driver " + driver + ", IOMMU group " + SysFiles.linkName(device.resolve("iommu_group"));
        return switch (driver) {
            case "vfio-pci", "uio_pci_generic" -> Check.ok(name, found);
            default ->
                Check.warn(
                        name,
                        found,
                        "to drive it from user space unmount it and bind it to vfio-pci: echo vfio-pci > "
                                + "/sys/bus/pci/devices/" + device.getFileName() + "/driver_override, unbind, and write"
                                + " the address to /sys/bus/pci/drivers_probe");
        };
    }
}
