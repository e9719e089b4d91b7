// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.Engine;
import dev.spdkio.EnvOptions;
import dev.spdkio.SpdkApp;
import dev.spdkio.sys.Hugepages;
import picocli.CommandLine.Option;

/** The options of the commands that start an application: which engine, and its environment. */
public class EngineOptions {
    @Option(
            names = "--engine",
            paramLabel = "ENGINE",
            converter = EngineChoice.class,
            defaultValue = "java",
            description = "java, or spdk for the installed SPDK; default ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Engine engine;

    @Option(
            names = "--no-huge",
            description = "With --engine spdk: no hugepages. That is so by default where none are free or mounted.")
    private boolean noHuge;

    @Option(names = "--no-pci", description = "With --engine spdk: do not look for devices on the PCI bus.")
    private boolean noPci;

    /** Reads {@code java} and {@code spdk}. */
    public static final class EngineChoice extends Choice<Engine> {
        /** For picocli. */
        public EngineChoice() {
            super(Engine.class);
        }
    }

    /** The engine. */
    public Engine engine() {
        return engine;
    }

    /** Gives an application what was chosen. */
    public SpdkApp.Builder apply(SpdkApp.Builder app) {
        EnvOptions env = EnvOptions.DEFAULT;
        if (noHuge || (engine == Engine.SPDK && !(Hugepages.anyFree() && Hugepages.isMounted()))) {
            env = env.withoutHugepages();
        }
        if (noPci) {
            env = env.withoutPci();
        }
        return app.engine(engine).env(env);
    }
}
