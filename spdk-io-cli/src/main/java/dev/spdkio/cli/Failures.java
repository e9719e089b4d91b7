// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.error.LimitExceededException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** One clear line on stderr and an exit code for whatever goes wrong. */
final class Failures {
    private Failures() {}

    /** The command line, or a JSON text that it names, is wrong. */
    static int badUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        StringBuilder line = new StringBuilder(name).append(": ").append(message(e));
        // The root command's list of commands is under a command of its own.
        String help = command.getParent() == null ? name + " help" : name + " --help";
        command.getErr().println(line.append("; see ").append(help));
        command.getErr().flush();
        return ExitCode.USAGE;
    }

    private static String message(ParameterException e) {
        if (e instanceof UnmatchedArgumentException u && !u.isUnknownOption()) {
            boolean root = u.getCommandLine().getParent() == null;
            String what = root
                    ? "there is no command '" + u.getUnmatched().getFirst() + "'"
                    : "nothing is expected after the arguments, but there is '"
                            + u.getUnmatched().getFirst() + "'";
            return root && !u.getSuggestions().isEmpty()
                    ? what + "; did you mean " + u.getSuggestions().getFirst()
                    : what;
        }
        // Picocli begins with a capital letter, which does not suit the middle of a line.
        String text = oneLine(String.valueOf(e.getMessage()));
        return text.length() > 1 && Character.isLowerCase(text.charAt(1))
                ? Character.toLowerCase(text.charAt(0)) + text.substring(1)
                : text;
    }

    /** The command ran and failed. A stack trace is for what nobody foresaw. */
    static int failed(Exception e, CommandLine command, ParseResult parsed) {
        Throwable cause = unwrap(e);
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + describe(cause));
        if (!isForeseen(cause)) {
            cause.printStackTrace(err);
        }
        err.flush();
        return ExitCode.SOFTWARE;
    }

    /** What {@code t} says, in one line. */
    static String describe(Throwable t) {
        String message = t.getMessage();
        if (message == null || message.isBlank()) {
            return t.getClass().getSimpleName();
        }
        // The file system's exceptions say nothing but the name of the file.
        return t instanceof FileSystemException f && f.getReason() == null
                ? t.getClass().getSimpleName().replace("Exception", "") + " " + oneLine(message)
                : oneLine(message);
    }

    /** The failure itself, without what futures wrap around it. */
    static Throwable unwrap(Throwable t) {
        Throwable cause = t.getCause();
        boolean wrapper = t instanceof CompletionException
                || t instanceof ExecutionException
                || t instanceof UncheckedIOException;
        return wrapper && cause != null ? unwrap(cause) : t;
    }

    private static boolean isForeseen(Throwable t) {
        return t instanceof IOException
                || t instanceof IllegalArgumentException
                || t instanceof LimitExceededException
                || t instanceof UnsupportedOperationException
                || t instanceof CommandFailedException;
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
