// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import java.util.List;

/** SPDK cannot be used in this JVM. The message says everything that is wrong, and what to do. */
public final class SpdkUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String summary;
    private final String remedy;
    private final transient List<String> problems;

    /**
     * @param summary what is wrong as a whole
     * @param remedy what to do
     * @param problems each thing that is wrong, such as a missing library; may be empty
     */
    public SpdkUnavailableException(String summary, String remedy, List<String> problems) {
        super(summary + ": " + remedy + (problems.isEmpty() ? "" : "\n  - " + String.join("\n  - ", problems)));
        this.summary = summary;
        this.remedy = remedy;
        this.problems = List.copyOf(problems);
    }

    /** What is wrong as a whole. */
    public String summary() {
        return summary;
    }

    /** What to do. */
    public String remedy() {
        return remedy;
    }

    /** Each thing that is wrong. */
    public List<String> problems() {
        return problems;
    }
}
