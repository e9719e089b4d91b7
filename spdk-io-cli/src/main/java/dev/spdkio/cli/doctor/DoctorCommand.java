// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import dev.spdkio.cli.PrettyJson;
import dev.spdkio.cli.Version;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code spdkio doctor}. */
@Command(
        name = "doctor",
        description = "Say what this machine offers, and what to do about what it does not.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        footer = {
            "",
            "It only looks: nothing is mounted or changed, and libspdk is loaded but not started.",
            "Nothing of it is needed to run the Java engine.",
        })
public final class DoctorCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object instead of a table.")
    private boolean json;

    @Override
    public Integer call() {
        List<Check> checks = new ArrayList<>();
        checks.addAll(JvmChecks.all());
        checks.addAll(new KernelChecks(Path.of("/")).all());
        checks.add(LibspdkCheck.check());
        checks.add(new CoreLocksCheck(Path.of("/")).check());
        checks.addAll(new PciChecks(Path.of("/")).all());
        PrintWriter out = spec.commandLine().getOut();
        out.print(json ? json(checks) : table(checks));
        out.flush();
        return 0;
    }

    private static String json(List<Check> checks) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("checks", checks.stream().map(Check::toJson).toList());
        return PrettyJson.write(object);
    }

    static String table(List<Check> checks) {
        int width = checks.stream().mapToInt(c -> c.name().length()).max().orElse(0);
        StringBuilder text = new StringBuilder();
        String line = "%-7s  %-" + width + "s  %s%n";
        for (Check c : checks) {
            text.append(line.formatted(c.state().name().toLowerCase(Locale.ROOT), c.name(), c.found()));
            if (c.remedy() != null) {
                text.append(line.formatted("", "", "-> " + c.remedy()));
            }
        }
        return text.toString();
    }
}
