// SPDX-License-Identifier: Apache-2.0
package dev.spdkio;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.Optional;
import java.util.ServiceLoader;

/** Finds the engines that modules bring. */
final class Engines {
    private Engines() {}

    /** The provider of an engine that can be used here. */
    static EngineProvider find(Engine engine) throws SpdkException {
        for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
            if (provider.engine() == engine) {
                Optional<Throwable> cause = provider.unavailabilityCause();
                if (cause.isPresent()) {
                    throw new SpdkException(
                            Errno.ENOSYS,
                            "engine " + engine + " cannot be used here: "
                                    + cause.get().getMessage(),
                            cause.get());
                }
                return provider;
            }
        }
        throw new SpdkException(
                Errno.ENOSYS,
                "engine " + engine + " is not there: add the module spdk-io-native to the module path or class path");
    }
}
