// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.memory;

import dev.spdkio.sys.NativeMemory;
import java.lang.foreign.Arena;

/**
 * Where a {@link DmaPool} gets its slabs from, if not from the operating system: the allocator of another
 * environment, say, or memory that is also made known to a device.
 *
 * <p>It may be called by any thread, one call for each slab or large buffer, possibly on a reactor.
 */
@FunctionalInterface
public interface SlabSource {
    /**
     * Maps memory for reading and writing.
     *
     * @param bytes the size, a multiple of 2 MiB
     * @param arena what its lifetime hangs on: closing it gives the memory back, on any thread
     * @return exactly that size, zeroed, at an address that is a multiple of 2 MiB
     * @throws java.io.UncheckedIOException if there is no more; the pool then says that it is exhausted
     */
    NativeMemory.Mapping map(long bytes, Arena arena);
}
