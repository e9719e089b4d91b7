// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What the blocks of a disk may hold.
 *
 * <p>Time is a counter of events. A write may take effect at any moment between its submission and its end, and one
 * that failed may have taken effect or not. A value is superseded when another write that began after this one had
 * ended has itself ended well; a read may find whatever was not superseded when the read began.
 *
 * <p>Thread rule: one OS thread, that of the simulation.
 */
final class History {
    private static final long NEVER = Long.MAX_VALUE;

    /** What a write that was given back leaves in a block. */
    enum Doubt {
        /** One of the values, for good. */
        NONE,
        /** One or the other, as somebody happens to look. */
        EITHER,
        /** Perhaps what nobody has written. */
        ANYTHING
    }

    /** Something that was, or is being, stored in a block. */
    static final class Candidate {
        final long value;
        final long begin;
        private long end = NEVER;
        private long superseded = NEVER;
        private boolean swappedOut;

        private Doubt doubt = Doubt.NONE;

        private @Nullable Candidate next;

        private Candidate(long value, long begin, @Nullable Candidate next) {
            this.value = value;
            this.begin = begin;
            this.next = next;
        }
    }

    private @Nullable Candidate[] blocks;

    /** How many requests look at the past: nothing is forgotten meanwhile. */
    private int readers;

    /** All blocks hold zeroes. */
    History(int blockCount) {
        blocks = new @Nullable Candidate[blockCount];
        grow(0);
    }

    int blockCount() {
        return blocks.length;
    }

    /** More blocks, of zeroes. */
    void resize(int blockCount) {
        int before = blocks.length;
        blocks = java.util.Arrays.copyOf(blocks, blockCount);
        grow(before);
    }

    private void grow(int from) {
        for (int i = from; i < blocks.length; i++) {
            Candidate zero = new Candidate(0, -1, null);
            zero.end = -1;
            blocks[i] = zero;
        }
    }

    void readerComes() {
        readers++;
    }

    void readerGoes() {
        readers--;
    }

    /** From now on the block may hold {@code value}. */
    Candidate begin(int block, long value, long now) {
        Candidate c = new Candidate(value, now, blocks[block]);
        blocks[block] = c;
        return c;
    }

    /** It has been stored: what had ended before it began is gone. */
    void stored(int block, Candidate c, long now) {
        c.end = now;
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.end < c.begin && o.superseded == NEVER) {
                o.superseded = now;
            }
        }
        prune(block);
    }

    /**
     * It may have been stored or not, but will not be from now on.
     *
     * @param doubt what may be found instead
     */
    void perhapsStored(Candidate c, long now, Doubt doubt) {
        c.end = now;
        c.doubt = doubt;
    }

    /** Whether it is not known what the block holds, or would not be even if somebody looked. */
    boolean isInDoubt(int block) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.doubt != Doubt.NONE && o.superseded == NEVER) {
                return true;
            }
        }
        return false;
    }

    /** It was never stored. */
    void neverStored(int block, Candidate c) {
        Candidate before = null;
        for (Candidate o = blocks[block]; o != null; before = o, o = o.next) {
            if (o == c) {
                if (before == null) {
                    blocks[block] = o.next;
                } else {
                    before.next = o.next;
                }
                return;
            }
        }
    }

    /** Whether who began to read at {@code since} may find that. */
    boolean mayHold(int block, long value, long since) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if ((o.value == value || o.doubt == Doubt.ANYTHING) && o.superseded > since) {
                return true;
            }
        }
        return false;
    }

    /** Whether who began to read at {@code since} may find something else. */
    boolean mayHoldOther(int block, long value, long since) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if ((o.value != value || o.doubt == Doubt.ANYTHING) && o.superseded > since) {
                return true;
            }
        }
        return false;
    }

    /**
     * Somebody who began to read at {@code since} found that. If nothing was being written meanwhile, it is what the
     * block holds.
     */
    void found(int block, long value, long since, long now) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.end >= since || o.doubt != Doubt.NONE) {
                return;
            }
        }
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.value != value && o.superseded == NEVER) {
                o.superseded = now;
            }
        }
        prune(block);
    }

    /**
     * A compare and write found that value and replaced it. False if another had done so with the same one, which
     * nobody has stored again: one of the two did not see the other.
     */
    boolean swapOut(int block, long value) {
        if (value == 0) {
            return true;
        }
        Candidate only = null;
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.value == value) {
                if (only != null) {
                    return true;
                }
                only = o;
            }
        }
        if (only == null) {
            return true;
        }
        boolean first = !only.swappedOut;
        only.swappedOut = true;
        return first;
    }

    /** Whether nobody is storing anything in those blocks. */
    boolean isQuiet(int block, int count) {
        for (int i = block; i < block + count; i++) {
            for (Candidate o = blocks[i]; o != null; o = o.next) {
                if (o.end == NEVER) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether somebody is storing something there who began when {@code begun} says. */
    boolean isChanging(int block, LongPredicate begun) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.end == NEVER && begun.test(o.begin)) {
                return true;
            }
        }
        return false;
    }

    /** One of the values that the block may hold now. */
    long some(int block) {
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.superseded == NEVER) {
                return o.value;
            }
        }
        throw new AssertionError("block " + block + " can hold nothing");
    }

    /** The values that the block may hold now. */
    long[] all(int block) {
        long[] values = new long[4];
        int n = 0;
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            if (o.superseded == NEVER) {
                values = n == values.length ? java.util.Arrays.copyOf(values, 2 * n) : values;
                values[n++] = o.value;
            }
        }
        return java.util.Arrays.copyOf(values, n);
    }

    private void prune(int block) {
        if (readers > 0) {
            return;
        }
        Candidate head = blocks[block];
        while (head != null && head.superseded != NEVER) {
            head = head.next;
        }
        blocks[block] = head;
        for (Candidate o = head; o != null; o = o.next) {
            while (o.next != null && o.next.superseded != NEVER) {
                o.next = o.next.next;
            }
        }
    }

    /** For people. */
    String describe(int block) {
        StringBuilder text = new StringBuilder("block " + block + " may hold");
        for (Candidate o = blocks[block]; o != null; o = o.next) {
            text.append(' ')
                    .append(Content.describe(o.value))
                    .append(" (")
                    .append(o.begin)
                    .append("..")
                    .append(o.end == NEVER ? "" : String.valueOf(o.end))
                    .append(o.superseded == NEVER ? ")" : ", superseded at " + o.superseded + ")");
        }
        return text.toString();
    }
}
