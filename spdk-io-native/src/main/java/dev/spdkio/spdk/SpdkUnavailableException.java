// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import java.util.List;

/** SPDK cannot be used in this JVM. The message says everything that is wrong, and what to do. */
public final class SpdkUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * @param summary what is wrong as a whole, and the remedy
     * @param problems each thing that is wrong, such as a missing library; may be empty
     */
    public SpdkUnavailableException(String summary, List<String> problems) {
        super(problems.isEmpty() ? summary : summary + "\n  - " + String.join("\n  - ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Each thing that is wrong. */
    public List<String> problems() {
        return problems;
    }
}
