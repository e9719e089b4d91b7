// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk;

import java.util.List;

/** SPDK cannot be used in this JVM. The message says what is wrong, everything up to a limit, and what to do. */
public final class SpdkUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private static final int MOST_IN_MESSAGE = 40;

    private final String summary;
    private final String remedy;
    private final transient List<String> problems;

    /**
     * @param summary what is wrong as a whole
     * @param remedy what to do
     * @param problems each thing that is wrong, such as a missing library; may be empty
     */
    public SpdkUnavailableException(String summary, String remedy, List<String> problems) {
        super(message(summary, remedy, problems));
        this.summary = summary;
        this.remedy = remedy;
        this.problems = List.copyOf(problems);
    }

    /** A wrong folder can lack thousands of functions; {@link #problems} has them all. */
    private static String message(String summary, String remedy, List<String> problems) {
        StringBuilder message = new StringBuilder(summary).append(": ").append(remedy);
        problems.stream()
                .limit(MOST_IN_MESSAGE)
                .forEach(p -> message.append("\n  - ").append(p));
        if (problems.size() > MOST_IN_MESSAGE) {
            message.append("\n  - and ")
                    .append(problems.size() - MOST_IN_MESSAGE)
                    .append(" more");
        }
        return message.toString();
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
