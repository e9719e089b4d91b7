// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.cli;

import dev.spdkio.runtime.Cores;
import dev.spdkio.runtime.CpuSet;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sets of cores that this process may use, as SPDK's {@code -m} takes them: {@code 0x3} or {@code [0-1]}. */
public final class CpuSetConverter implements ITypeConverter<CpuSet> {
    @Override
    public CpuSet convert(String text) {
        CpuSet cores;
        try {
            cores = CpuSet.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
        if (cores.isEmpty()) {
            throw new TypeConversionException("'" + text + "' names no core");
        }
        if (!Cores.available().containsAll(cores)) {
            throw new TypeConversionException("'" + text + "' names cores that this process may not use; it may use "
                    + Cores.available().toListString());
        }
        return cores;
    }
}
