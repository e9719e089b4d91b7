// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.runtime;

/**
 * What an {@link SpdkThread} has done since it was created; a racy snapshot when read off the thread.
 *
 * @param busyNanos time of passes that did work
 * @param idleNanos time of passes that did not
 * @param messages messages run
 * @param queuedMessages messages that wait right now
 * @param activePollers pollers of every pass
 * @param timedPollers pollers with a period
 * @param pausedPollers pollers that are paused
 * @param liveTasks tasks that have not ended
 * @param channels I/O channels that are open
 * @param callbackErrors callbacks that threw
 */
public record ThreadStats(
        long busyNanos,
        long idleNanos,
        long messages,
        int queuedMessages,
        int activePollers,
        int timedPollers,
        int pausedPollers,
        int liveTasks,
        int channels,
        long callbackErrors) {}
