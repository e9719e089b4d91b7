// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the diagnosis.
 *
 * @param name what was looked at
 * @param state the verdict
 * @param found what is there
 * @param remedy what to do about it; null where there is nothing to do
 */
record Check(
        String name, State state, String found, @Nullable String remedy) {
    /** A verdict. */
    enum State {
        /** Fine. */
        OK,
        /** Works, but slower or smaller than it could. */
        WARN,
        /** Not there; what needs it does not work. */
        MISSING
    }

    static Check ok(String name, String found) {
        return new Check(name, State.OK, found, null);
    }

    static Check warn(String name, String found, String remedy) {
        return new Check(name, State.WARN, found, remedy);
    }

    static Check missing(String name, String found, String remedy) {
        return new Check(name, State.MISSING, found, remedy);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("state", state.name().toLowerCase(Locale.ROOT));
        json.put("found", found);
        if (remedy != null) {
            json.put("remedy", remedy);
        }
        return json;
    }
}
