// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvmf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.error.SpdkException;
import dev.spdkio.nvmf.NvmfNamespace;
import dev.spdkio.nvmf.NvmfNamespaceOptions;
import dev.spdkio.nvmf.NvmfSubsystemOptions;
import dev.spdkio.spdk.ffi.BdevApi;
import dev.spdkio.spdk.ffi.NativeStruct;
import dev.spdkio.spdk.ffi.NvmfSubsystemApi;
import dev.spdkio.spdk.ffi.Upcall;
import dev.spdkio.sys.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The namespaces of a subsystem, as SPDK has them. */
final class Namespaces {
    private static final String STRUCT = "spdk_nvmf_ns_opts";

    /** For a descriptor that is closed at once. */
    private static final long NO_EVENT = Upcall.stub(
            MethodHandles.lookup(),
            Namespaces.class,
            "event",
            FunctionDescriptor.ofVoid(JAVA_INT, JAVA_LONG, JAVA_LONG),
            null);

    private Namespaces() {}

    /** Finds out what SPDK would refuse without a reason, before anything is paused for it. */
    static void check(long subsystem, NvmfSubsystemOptions owner, String bdev, NvmfNamespaceOptions options)
            throws SpdkException {
        String where = "bdev " + bdev + " cannot become a namespace of subsystem " + owner.nqn() + ": ";
        if (options.nsid() > owner.maxNamespaces() || options.anaGroup() > owner.maxNamespaces()) {
            throw new IllegalArgumentException(where + "nsid is " + options.nsid() + " and anaGroup "
                    + options.anaGroup() + " but the subsystem's maxNamespaces is " + owner.maxNamespaces());
        }
        if (BdevApi.byName(bdev) == 0) {
            throw new SpdkException(Errno.ENODEV, where + "there is none of that name");
        }
        if (options.nsid() != 0 && NvmfSubsystemApi.ns(subsystem, options.nsid()) != 0) {
            throw new SpdkException(Errno.EEXIST, where + "it has namespace " + options.nsid() + " already");
        }
        if (options.nsid() == 0 && list(subsystem).size() == owner.maxNamespaces()) {
            throw new SpdkException(
                    Errno.ENOSPC, where + "it has " + owner.maxNamespaces() + " namespaces, its maxNamespaces");
        }
        long desc = BdevApi.open(bdev, true, NO_EVENT, 0);
        int errno = BdevApi.errno(desc);
        if (errno != 0) {
            throw new SpdkException(
                    errno,
                    where + (errno == Errno.EPERM ? "somebody else has claimed it for writing" : Errno.name(errno)));
        }
        BdevApi.close(desc);
    }

    /** Adds one to a subsystem that is paused or inactive; its number. */
    static int add(long subsystem, String nqn, String bdev, NvmfNamespaceOptions options) throws SpdkException {
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct opts = NativeStruct.allocate(STRUCT, arena);
            NvmfSubsystemApi.nsOptsInit(opts);
            opts.set("nsid", options.nsid()).set("anagrpid", options.anaGroup());
            UUID uuid = options.uuid();
            if (uuid != null) {
                opts.bytes("uuid")
                        .asByteBuffer()
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits());
            }
            put(options.nguid(), opts.bytes("nguid"));
            put(options.eui64(), opts.bytes("eui64"));
            int nsid = NvmfSubsystemApi.addNs(subsystem, bdev, opts);
            if (nsid == 0) {
                throw new SpdkException(
                        Errno.EINVAL,
                        "bdev " + bdev + " cannot become a namespace of subsystem " + nqn + ": SPDK's log says why");
            }
            return nsid;
        }
    }

    private static void put(@Nullable String digits, MemorySegment field) {
        if (digits != null) {
            field.asByteBuffer().put(HexFormat.of().parseHex(digits));
        }
    }

    /** All of a subsystem. */
    static List<NvmfNamespace> list(long subsystem) {
        List<NvmfNamespace> all = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            NativeStruct opts = NativeStruct.allocate(STRUCT, arena);
            for (long ns = NvmfSubsystemApi.firstNs(subsystem); ns != 0; ns = NvmfSubsystemApi.nextNs(subsystem, ns)) {
                NvmfSubsystemApi.nsOpts(ns, opts);
                ByteBuffer uuid = opts.bytes("uuid").asByteBuffer();
                all.add(new NvmfNamespace(
                        NvmfSubsystemApi.nsId(ns),
                        BdevApi.name(NvmfSubsystemApi.nsBdev(ns)),
                        new UUID(uuid.getLong(), uuid.getLong()),
                        hex(opts.bytes("nguid")),
                        hex(opts.bytes("eui64")),
                        (int) opts.get("anagrpid")));
            }
        }
        return List.copyOf(all);
    }

    private static String hex(MemorySegment field) {
        return HexFormat.of().formatHex(field.toArray(JAVA_BYTE));
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void event(int type, long bdev, long argument) {
        // closed before there can be one
    }
}
