// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import dev.spdkio.cli.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code spdkio blob}: a subcommand loads the store, does its work, and unloads it, or looks at the device alone. */
@Command(
        name = "blob",
        description = "Make, look at and change a blobstore and its blobs.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            InitCommand.class,
            ListCommand.class,
            ShowCommand.class,
            CreateCommand.class,
            FillCommand.class,
            DeleteCommand.class,
            ResizeCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            SnapshotCommand.class,
            CloneCommand.class,
            InflateCommand.class,
            DecoupleCommand.class,
            XattrCommand.class,
            SetSuperCommand.class,
            CheckCommand.class,
            DumpCommand.class
        },
        footer = {
            "",
            "A blob is named by its identifier, such as 0x100000000. Sizes are rounded up to whole clusters.",
            "",
            "  spdkio blob init --file store --size 64M",
            "  spdkio blob import photo.jpg --file store",
            "  spdkio blob list -c config.json -b Nvme0n1 --json",
        })
public final class BlobCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
