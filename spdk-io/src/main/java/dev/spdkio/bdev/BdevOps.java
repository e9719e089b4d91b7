// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.runtime.SpdkThread;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What a device does for the hub: the module's side of a {@link Bdev}. Stands for {@code struct spdk_bdev_fn_table}.
 *
 * <p>The hub has done the checks, splitting, bouncing and waiting before a device sees an I/O; a device moves the
 * bytes and says how it went.
 *
 * @param <C> the device's state on one thread
 */
public interface BdevOps<C> {
    /**
     * Starts an I/O. On the thread of {@code channel}; must not block.
     *
     * <p>Ends by exactly one {@link BdevIo#complete}, now or later: completing right here is fine, the hub defers
     * what must be deferred. {@link IoStatus#NOMEM} asks the hub to submit it again later. An exception fails the
     * I/O.
     */
    void submit(C channel, BdevIo io);

    /**
     * Ends an I/O early that it has: only if it {@linkplain #supports supports} {@link IoType#ABORT}. On the thread of
     * {@code channel}; must not block.
     *
     * <p>{@code abort} is completed exactly once, now or later, as in {@link #submit}: with success if the target ends
     * without having been done, else with {@link IoStatus#FAILED}. A target that ends early is completed as such, by
     * {@link IoStatus#ABORTED} or the device's own status. Nothing is tried twice: {@link IoStatus#NOMEM} is a failure
     * here.
     *
     * @param target an I/O that is at the device; it may be looked at only until this call returns or it is completed
     * @param abort the request to abort
     */
    default void abort(C channel, BdevIo target, BdevIo abort) {
        abort.complete(IoStatus.FAILED);
    }

    /**
     * The hub would like to be told when there is room again: the device ended an I/O by {@link IoStatus#NOMEM} and has
     * nothing of this channel in flight whose end would show it. On the thread of {@code channel}; must not block.
     *
     * <p>For devices that share what they lack with others. The hub asks again from time to time in any case.
     *
     * @param roomMade to be called on that thread, in a later pass; may be called without need
     */
    default void awaitRoom(C channel, Runnable roomMade) {}

    /** Whether it can do that type natively. Any thread; asked once, and again by {@link Bdev#notifyTypes}. */
    boolean supports(IoType type);

    /** Makes the state of a thread that begins to use the device. On that thread; must not block. */
    C openChannel(SpdkThread thread);

    /** Takes that state down: nothing is in flight on it. On its thread; must not block. */
    void closeChannel(C channel);

    /** Frees the device: no descriptor and no channel is left. On the app thread. */
    CompletionStage<Void> destruct();

    /** The devices it stands on that come and go, of which {@link BaseBdev#carries} does not tell. Any thread. */
    default List<Bdev> bases() {
        return List.of();
    }

    /** Whether modules are to look at what is stored on it; false if somebody else does. App thread. */
    default boolean isExaminedHere() {
        return true;
    }

    /** Adds what is special about this device to its description in {@code bdev_get_bdevs}. App thread. */
    default void dumpInfo(Map<String, Object> out) {}

    /** The RPC call that would make this device again, or null if it is not made by configuration. App thread. */
    default @Nullable ConfigCall configCall() {
        return null;
    }

    /**
     * A call of a saved configuration.
     *
     * @param method the RPC method
     * @param params its parameters, in order
     */
    record ConfigCall(String method, Map<String, Object> params) {}
}
