// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/**
 * What a reactor has done since it started; a racy snapshot.
 *
 * @param rounds passes of its loop
 * @param busyNanos time of rounds that did work
 * @param idleNanos time of rounds that did not, sleep included
 * @param parks sleeps
 * @param events events run
 * @param stalls callbacks that held it longer than {@link RuntimeLimits#stallLimit}
 * @param callbackErrors callbacks that threw
 */
public record ReactorStats(
        long rounds, long busyNanos, long idleNanos, long parks, long events, long stalls, long callbackErrors) {}
