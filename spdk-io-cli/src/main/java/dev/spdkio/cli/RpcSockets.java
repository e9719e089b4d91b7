// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.rpc.RpcServer;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Finds the RPC sockets of the applications that this user runs. */
final class RpcSockets {
    /** Where SPDK's own applications listen unless told otherwise. */
    private static final Path SPDK_DEFAULT = Path.of("/var/tmp/spdk.sock");

    private RpcSockets() {}

    /**
     * The socket to talk to where the user has named none.
     *
     * @throws CommandFailedException if there is none, or more than one
     */
    static Path theOnlyOne() {
        List<Path> found = running();
        if (found.size() > 1) {
            throw new CommandFailedException("several applications run, choose one by -s PATH: " + found);
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        if (Files.exists(SPDK_DEFAULT)) {
            return SPDK_DEFAULT;
        }
        throw new CommandFailedException(
                "no application runs: start one by spdkio serve, or name its socket by -s PATH");
    }

    /** The sockets in the default directories of processes that are alive. */
    static List<Path> running() {
        Path example = RpcServer.defaultDirectory(0);
        Path base = Objects.requireNonNull(example.getParent());
        String prefix = example.getFileName().toString();
        prefix = prefix.substring(0, prefix.length() - 1);
        List<Path> sockets = new ArrayList<>();
        for (Path directory : list(base)) {
            String name = directory.getFileName().toString();
            if (name.startsWith(prefix) && isAlive(name.substring(prefix.length()))) {
                list(directory).stream().filter(RpcSockets::isSocket).forEach(sockets::add);
            }
        }
        return sockets;
    }

    private static boolean isAlive(String pid) {
        return pid.matches("\\d{1,18}")
                && ProcessHandle.of(Long.parseLong(pid))
                        .map(ProcessHandle::isAlive)
                        .orElse(false);
    }

    private static boolean isSocket(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).isOther();
        } catch (IOException e) {
            return false;
        }
    }

    private static List<Path> list(Path directory) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            entries.forEach(found::add);
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
        found.sort(null);
        return found;
    }
}
