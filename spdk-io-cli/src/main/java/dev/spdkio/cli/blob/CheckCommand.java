// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.blob.BlobId;
import dev.spdkio.blob.check.BlobstoreCheck;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.runtime.SpdkThread;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code spdkio blob check}. */
@Command(
        name = "check",
        description = {
            "Examine a store without writing a byte: what is wrong, and what a repair would do.",
            "With --repair, do that."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the store is sound",
            "1:the command failed",
            "2:the command line is wrong",
            "3:a load or --repair mends what is wrong, and nothing is lost",
            "4:something is lost; with --repair, these tell what is left to do"
        })
final class CheckCommand extends DeviceCommand {
    private static final int RECOVERABLE = 3;
    private static final int DAMAGED = 4;

    @Option(names = "--repair", description = "Do what the plan says.")
    private boolean repair;

    @Option(
            names = "--drop",
            paramLabel = "ID",
            converter = BlobIdConverter.class,
            description = "Plan to give up a blob that is damaged, or has what another has; may be repeated.")
    private List<BlobId> drop = List.of();

    @Option(names = "--drop-damaged", description = "Plan to give up all blobs that are damaged.")
    private boolean dropDamaged;

    @Option(
            names = "--accept-super-block",
            description = "Plan to take the super block as it is although its checksum is wrong.")
    private boolean acceptSuperBlock;

    @Override
    boolean writes() {
        return repair;
    }

    @Override
    Map<String, Object> run(SpdkApp app, SpdkThread thread, String device, Stop stop) {
        BdevManager bdevs = app.bdevs();
        RepairOptions options = options();
        CheckReport before =
                BlobstoreCheck.examine(bdevs, thread, device, options).join();
        if (!repair || before.plan().isEmpty()) {
            return CheckResult.of(before);
        }
        if (!isJson()) {
            CheckResult.print(out(), CheckResult.of(before));
            out().println();
            out().flush(); // before anything is done
        }
        var _ = BlobstoreCheck.repair(bdevs, thread, device, options).join();
        Map<String, Object> result = CheckResult.of(BlobstoreCheck.examine(bdevs, thread, device, RepairOptions.DEFAULT)
                .join());
        result.put("before", CheckResult.of(before));
        return result;
    }

    private RepairOptions options() {
        RepairOptions options = RepairOptions.DEFAULT.withDrop(drop);
        if (dropDamaged) {
            options = options.withDropDamaged();
        }
        return acceptSuperBlock ? options.withAcceptSuperBlock() : options;
    }

    @Override
    int exitCode(Map<String, Object> result) {
        return switch (String.valueOf(result.get("result"))) {
            case CheckResult.SOUND -> ExitCode.OK;
            case CheckResult.RECOVERABLE -> RECOVERABLE;
            default -> DAMAGED;
        };
    }

    @Override
    void print(PrintWriter out, Map<String, Object> result) {
        CheckResult.print(out, result);
    }
}
