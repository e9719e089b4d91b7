// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.blob;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.spdkio.cli.Version;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spdkio blob xattr}: attributes of blobs. */
@Command(
        name = "xattr",
        description = "Set or remove attributes of a blob.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {XattrCommand.Set.class, XattrCommand.Remove.class})
final class XattrCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give set or rm");
    }

    /** {@code spdkio blob xattr set}. */
    @Command(name = "set", description = "Set an attribute.")
    static final class Set extends OneBlobCommand {
        @Parameters(index = "1", paramLabel = "NAME", description = "The attribute.")
        private String name = "";

        @Parameters(index = "2", paramLabel = "VALUE", description = "Its value, a text.")
        private String value = "";

        @Override
        Map<String, Object> run(OpenStore store) throws Exception {
            return store.with(
                    id,
                    blob -> store.call(() -> {
                        blob.setXattr(name, value.getBytes(UTF_8));
                        return BlobInfo.of(blob);
                    }));
        }
    }

    /** {@code spdkio blob xattr rm}. */
    @Command(name = "rm", description = "Remove an attribute.")
    static final class Remove extends OneBlobCommand {
        @Parameters(index = "1", paramLabel = "NAME", description = "The attribute.")
        private String name = "";

        @Override
        Map<String, Object> run(OpenStore store) throws Exception {
            return store.with(
                    id,
                    blob -> store.call(() -> {
                        blob.removeXattr(name);
                        return BlobInfo.of(blob);
                    }));
        }
    }
}
