// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.sys.Errno;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The devices of a manager and their names. What is done with one device does not take longer the more there are.
 *
 * <p>Guarded by the lock of the manager.
 */
final class BdevNames {
    private final Map<String, Bdev> byName = new HashMap<>();

    /** The devices in the order of their registration, each with its names in order. */
    private final Map<Bdev, List<String>> names = new LinkedHashMap<>();

    /** No number below this one is free behind that prefix. */
    private final Map<String, Integer> leastFree = new HashMap<>();

    @Nullable
    Bdev get(String name) {
        return byName.get(name);
    }

    Collection<Bdev> all() {
        return names.keySet();
    }

    boolean contains(Bdev bdev) {
        return names.containsKey(bdev);
    }

    /** The names of a device but for its own. */
    List<String> aliases(Bdev bdev) {
        return names.getOrDefault(bdev, List.of()).stream()
                .filter(name -> !name.equals(bdev.name()))
                .toList();
    }

    void add(Bdev bdev, String name) {
        byName.put(name, bdev);
        names.computeIfAbsent(bdev, _ -> new ArrayList<>()).add(name);
    }

    void remove(Bdev bdev, String name) {
        names.getOrDefault(bdev, List.of()).remove(name);
        free(name);
    }

    void remove(Bdev bdev) {
        List<String> freed = names.remove(bdev);
        if (freed != null) {
            freed.forEach(this::free);
        }
    }

    private void free(String name) {
        byName.remove(name);
        leastFree.replaceAll((prefix, least) -> {
            int number = numberOf(name, prefix);
            return number >= 0 ? Math.min(least, number) : least;
        });
    }

    /** The number that makes {@code name} of {@code prefix}, or -1. */
    private static int numberOf(String name, String prefix) {
        if (!name.startsWith(prefix)) {
            return -1;
        }
        try {
            return Integer.parseUnsignedInt(name, prefix.length(), name.length(), 10);
        } catch (NumberFormatException otherwise) {
            return -1;
        }
    }

    /** The prefix and the lowest free number. */
    String unused(String prefix) {
        int number = leastFree.getOrDefault(prefix, 0);
        while (byName.containsKey(prefix + number)) {
            number++;
        }
        leastFree.put(prefix, number);
        return prefix + number;
    }

    void checkFree(String name, String wanted) throws SpdkException {
        Bdev taken = byName.get(name);
        if (taken != null) {
            throw new SpdkException(
                    Errno.EEXIST,
                    "bdev " + wanted + " cannot have the name " + name + ": bdev " + taken.name() + " has it"
                            + (taken.isRegistered() ? "; choose another" : " until its removal is complete"));
        }
    }
}
