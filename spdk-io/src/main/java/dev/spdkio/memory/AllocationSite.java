// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The stack of an allocation. Taking it costs microseconds, so only tracked allocations do; it is put into words later.
 */
final class AllocationSite {
    /** Frames that are kept. */
    static final int DEPTH = 12;

    private static final StackWalker WALKER = StackWalker.getInstance();

    private static final Set<String> OURS = Set.of(
            AllocationSite.class.getName(),
            LeakTracker.class.getName(),
            DmaPool.class.getName(),
            PoolLifecycle.class.getName(),
            WaitingList.Request.class.getName());

    private final List<StackFrame> frames;

    private AllocationSite(List<StackFrame> frames) {
        this.frames = frames;
    }

    /** The caller's stack, from the first frame outside the allocator on. */
    static AllocationSite here() {
        return new AllocationSite(WALKER.walk(stack -> stack.dropWhile(frame -> OURS.contains(frame.getClassName()))
                .limit(DEPTH)
                .toList()));
    }

    /** The innermost frame. */
    String brief() {
        return frames.isEmpty()
                ? "an unknown place"
                : frames.getFirst().toStackTraceElement().toString();
    }

    /** All frames, one a line. */
    @Override
    public String toString() {
        return frames.stream().map(AllocationSite::describe).collect(Collectors.joining("\n\tat "));
    }

    private static String describe(StackFrame frame) {
        return frame.getClassName() + "." + frame.getMethodName() + "(" + frame.getFileName() + ":"
                + frame.getLineNumber() + ")";
    }
}
