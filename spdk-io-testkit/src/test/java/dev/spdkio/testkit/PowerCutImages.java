// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32;

/** What a loss of power at one point may leave: every subset of few pieces, and of many some. */
final class PowerCutImages {
    /** Pieces of which all subsets are tried; of more, some. */
    private static final int EXHAUSTIVE = 6;

    /** What is there then, and which pieces are in it. */
    @SuppressWarnings("ArrayRecordComponent") // it is never compared
    record Image(byte[] content, String pieces) {}

    private PowerCutImages() {}

    /** Each once. */
    static List<Image> of(PowerCutBdev.Cut cut, RandomGenerator random) {
        Set<Long> seen = new HashSet<>();
        List<Image> all = new ArrayList<>();
        for (IntPredicate subset : subsets(cut.pieces(), random)) {
            byte[] image = cut.image(subset);
            CRC32 crc = new CRC32();
            crc.update(image);
            if (seen.add(crc.getValue())) {
                StringBuilder pieces = new StringBuilder();
                for (int i = 0; i < cut.pieces(); i++) {
                    pieces.append(subset.test(i) ? '1' : '0');
                }
                all.add(new Image(image, pieces.toString()));
            }
        }
        return all;
    }

    private static List<IntPredicate> subsets(int n, RandomGenerator random) {
        List<IntPredicate> subsets = new ArrayList<>();
        if (n <= EXHAUSTIVE) {
            for (int bits = 0; bits < 1 << n; bits++) {
                int those = bits;
                subsets.add(i -> (those >> i & 1) != 0);
            }
            return subsets;
        }
        subsets.add(_ -> false);
        subsets.add(_ -> true);
        for (int one = 0; one < Math.min(n, 16); one++) {
            int it = one;
            subsets.add(i -> i == it);
            subsets.add(i -> i != it);
        }
        for (int some = 0; some < 16; some++) {
            long bits = random.nextLong();
            subsets.add(i -> (bits >>> (i & 63) & 1) != 0);
        }
        return subsets;
    }
}
