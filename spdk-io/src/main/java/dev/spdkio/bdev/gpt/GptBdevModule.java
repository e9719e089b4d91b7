// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.gpt;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.error.SpdkException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** The module of {@link GptBdev}: looks for a partition table on every device that comes. */
public final class GptBdevModule implements BdevModule {
    @Override
    public String name() {
        return GptBdev.MODULE;
    }

    @Override
    public CompletionStage<?> examineDisk(Bdev bdev) {
        try {
            CompletionStage<?> done = GptReader.read(bdev)
                    .thenAccept(found -> found.ifPresent(table -> {
                        try {
                            var _ = GptBdev.createAll(bdev.manager(), bdev.name(), table);
                        } catch (SpdkException e) {
                            throw new CompletionException(e);
                        }
                    }));
            return done;
        } catch (SpdkException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
