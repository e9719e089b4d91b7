// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** Runs the command in this JVM, and keeps what it prints. */
public record Cli(int exitCode, String out, String err) {

    public static Cli run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        int code = command.execute(args);
        return new Cli(code, out.toString(), err.toString());
    }

    /** The whole error output, which is one line. */
    public String errorLine() {
        if (err.lines().count() != 1) {
            throw new AssertionError("not one line: " + err);
        }
        return err.strip();
    }
}
