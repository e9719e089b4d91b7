// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every operation with each of its writes failing in turn, and all after it or not: each blob is as before or as after
 * the operation, what could not be deleted can be deleted then, and all that is still so when the store was unloaded.
 */
@Timeout(300)
class FailedWritesTest {
    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    private final CutWorld world = new CutWorld();
    private byte[] base;
    private Map<String, Operations.Op> operations;

    @BeforeAll
    static void failuresAreLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    @Test
    void eachWriteOfEachOperation() {
        Script s = new Script(world, Mode.INIT);
        operations = Operations.of(Operations.prepare(s));
        s.unload();
        base = world.device.content();
        int failures = 0;
        for (String name : operations.keySet()) {
            List<String> script = name.equals("deleteSnapshot") ? List.of("deleteClone", name) : List.of(name);
            for (int count : new int[] {1, 3, 1 << 20}) {
                int at = 0;
                while (fails(script, at, count)) {
                    at++;
                }
                failures += at;
            }
        }
        System.out.println(failures + " failed writes in " + operations.size() + " operations");
        assertThat(failures).isGreaterThan(100);
        world.close();
    }

    /** Whether there was a write that failed. */
    private boolean fails(List<String> script, int at, int count) {
        String name = script.getLast();
        String where = script + ", " + count + " writes failing after " + at;
        List<View> views = new ArrayList<>();
        world.device.reset(base);
        Script s = begin(script);
        views.add(s.look());
        var _ = s.run(operations.get(name));
        views.add(s.look());
        s.unload();
        world.device.reset(base);
        s = begin(script);
        world.device.failWrites(at, count);
        runFailing(s, name, where);
        boolean failed = world.device.failuresToCome() < count;
        world.device.failWrites(0, 0);
        if (!s.store().isLoaded()) {
            s = new Script(world, Mode.LOAD); // it was the unloading that failed
        }
        s.closeAgain();
        if (name.startsWith("delete")) {
            var _ = s.run(operations.get(name));
        }
        View found = s.look();
        Expectation expected = Expectation.of(views, List.of(Set.of()), 1, false);
        assertThat(expected.refute(found, _ -> false)).as(where).isNull();
        s.unload();
        s = new Script(world, Mode.LOAD);
        View loaded = s.look();
        assertThat(loaded.shows(found))
                .as(where + ": " + loaded.blobs + " is loaded of " + found.blobs)
                .isTrue();
        if (views.getLast().blobs.size() > views.getFirst().blobs.size()) {
            // What of a new blob may be on the device is used until a recovery has looked at it.
            assertThat(loaded.used).as(where).isGreaterThanOrEqualTo(loaded.allocated);
        } else {
            assertThat(loaded.used).as(where).isEqualTo(loaded.allocated);
        }
        s.unload();
        return failed;
    }

    private Script begin(List<String> script) {
        Script s = new Script(world, Mode.LOAD);
        script.subList(0, script.size() - 1).forEach(name -> s.run(operations.get(name)));
        return s;
    }

    private void runFailing(Script s, String name, String where) {
        try {
            var _ = s.run(operations.get(name));
        } catch (CompletionException e) {
            assertThat(e.getCause())
                    .as(where)
                    .isInstanceOfSatisfying(
                            SpdkException.class,
                            failure -> assertThat(Errno.name(failure.errno())).isEqualTo("EIO"));
        }
    }
}
