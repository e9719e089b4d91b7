// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LateBdevsTest {
    private final BdevWorld w = new BdevWorld();
    private final List<String> made = new ArrayList<>();
    private final LateBdevs<String> late =
            new LateBdevs<>(this::make, name -> new BdevOps.ConfigCall("make", Map.of("name", name)));

    @AfterEach
    void close() {
        w.close();
    }

    private void make(BdevManager bdevs, String name) throws SpdkException {
        if (bdevs.lookup("D") == null) {
            throw new SpdkException(Errno.ENODEV, "there is no D");
        }
        if (name.startsWith("bad")) {
            throw new IllegalArgumentException(name + " cannot stand on D, for the test");
        }
        made.add(name);
    }

    @Test
    void oneThatCannotBeMadeDoesNotKeepTheOthersFromIt() {
        for (String name : List.of("bad", "good")) {
            assertThat(w.on(w.app, () -> late.create(w.bdevs, name, "D", name))).isEqualTo(name);
        }
        assertThat(made).isEmpty();
        w.device(s -> s);
        w.run(w.app, () -> late.examineConfig(w.bdevs.lookup("D")));
        assertThat(made).containsExactly("good");
    }
}
