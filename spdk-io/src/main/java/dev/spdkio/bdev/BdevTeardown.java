// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The end of all devices of a manager: those that stand on others first.
 *
 * <p>Who goes next is looked for once for all devices that have gone since, not once for each.
 *
 * <p>Thread rule: the app thread.
 */
final class BdevTeardown {
    private final BdevManager manager;
    private final Set<Bdev> waitedFor = new HashSet<>();
    private final Runnable whenEmpty;
    private boolean looking;

    /** @param whenEmpty runs once, when no device is left */
    BdevTeardown(BdevManager manager, Runnable whenEmpty) {
        this.manager = manager;
        this.whenEmpty = whenEmpty;
    }

    void removeNext() {
        looking = false;
        List<Bdev> left = manager.bdevs();
        if (left.isEmpty()) {
            looking = true; // nobody is to look any more
            whenEmpty.run();
            return;
        }
        Set<String> modules = new HashSet<>();
        manager.modules().all().forEach(module -> modules.add(module.name()));
        List<Bdev> next = left.stream().filter(b -> !isUnderOther(b, modules)).toList();
        for (Bdev bdev : next.isEmpty() ? left : next) {
            if (bdev.isRegistered()) {
                var _ = manager.unregister(bdev);
            }
            if (waitedFor.add(bdev)) {
                CompletableFuture<Void> gone = bdev.gone();
                var _ = gone.whenComplete((_, _) -> manager.appThread().execute(this::oneGone));
            }
        }
    }

    private void oneGone() {
        if (!looking) {
            looking = true;
            manager.appThread().sendInternal(this::removeNext);
        }
    }

    /** Whether a module has made a device of it; others who have claimed it hear of its removal as every user does. */
    private static boolean isUnderOther(Bdev bdev, Set<String> modules) {
        return bdev.claims().stream().anyMatch(claim -> modules.contains(claim.claimant()));
    }
}
