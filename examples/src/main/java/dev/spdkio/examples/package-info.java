// SPDX-License-Identifier: Apache-2.0
/**
 * Programs that show one thing each, run with nothing installed, and end with one line that says what they found.
 *
 * <p>{@code examples/run NAME} runs one. What stands between {@code docs: name} and {@code docs: end} is quoted by a
 * guide; {@code DocsTest} keeps the two the same.
 */
package dev.spdkio.examples;
