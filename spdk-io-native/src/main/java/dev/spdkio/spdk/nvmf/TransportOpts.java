// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvme.TransportType;
import dev.spdkio.nvmf.NvmfTransportOption;
import dev.spdkio.nvmf.NvmfTransportOptions;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.LibSpdk;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.NvmfApi;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The options of transports as {@code struct spdk_nvmf_transport_opts}. */
final class TransportOpts {
    private static final String STRUCT = "spdk_nvmf_transport_opts";

    private TransportOpts() {}

    /** The options with SPDK's own values where nothing is said. */
    static NativeStruct write(Arena arena, NvmfTransportOptions options) throws SpdkException {
        String release = AbiTable.get().release();
        NativeStruct opts = NativeStruct.allocate(STRUCT, arena);
        String transport = options.trtype().text();
        if (!NvmfApi.transportOptsInit(transport, opts)) {
            throw new SpdkException(
                    Errno.EPROTONOSUPPORT,
                    "SPDK " + release + " in " + LibSpdk.get().folder() + " is built without the transport " + transport
                            + ": build it with --with-" + transport.toLowerCase(Locale.ROOT));
        }
        for (Map.Entry<NvmfTransportOption, Long> e : options.values().entrySet()) {
            String field = e.getKey().field();
            if (!opts.has(field)) {
                throw new SpdkException(Errno.EOPNOTSUPP, "SPDK " + release + " has no transport option " + field);
            }
            opts.set(field, e.getValue());
        }
        return opts;
    }

    /** The options of a transport. */
    static NvmfTransportOptions read(TransportType trtype, long transport) {
        NativeStruct opts = NativeStruct.at(STRUCT, NvmfApi.transportOpts(transport));
        Map<NvmfTransportOption, Long> values = new EnumMap<>(NvmfTransportOption.class);
        for (NvmfTransportOption option : NvmfTransportOption.values()) {
            if (opts.has(option.field())) {
                values.put(option, opts.get(option.field()));
            }
        }
        return new NvmfTransportOptions(trtype, values);
    }
}
