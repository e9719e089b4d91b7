// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.export;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.spdkio.EngineProvider;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.rpc.JsonTree;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.spdk.ffi.AbiTable;
import dev.spdkio.spdk.ffi.BdevModuleApi;
import dev.spdkio.spdk.ffi.JsonApi;
import dev.spdkio.spdk.ffi.Raw;
import dev.spdkio.spdk.ffi.Upcall;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The module of SPDK's bdev layer to which exported devices belong. SPDK knows it from the first application to the
 * end of the process, since modules cannot be taken back.
 *
 * <p>SPDK has its modules examine each device that is registered. This one never wants it; that is how new devices
 * are noticed.
 */
public final class ExportModule {
    /** What SPDK calls it. */
    public static final String NAME = "java";

    private record Listener(BdevManager bdevs, RpcRegistry rpc, Runnable registered, AtomicBoolean told) {
        SpdkThread appThread() {
            return bdevs.appThread();
        }
    }

    private static final AbiTable ABI = AbiTable.get();
    private static final long MODULE_OF_BDEV = ABI.offset("spdk_bdev", "module");

    /** The address of its {@code struct spdk_bdev_module}. */
    public static final long POINTER = make();

    private static volatile @Nullable Listener listener;

    private ExportModule() {}

    /**
     * Makes it known to SPDK, whose bdev layer is not initialised yet.
     *
     * @param bdevs the devices of the application that begins
     * @param rpc its methods
     * @param registered runs on the app thread soon after SPDK has registered a device that is not exported
     */
    public static void install(BdevManager bdevs, RpcRegistry rpc, Runnable registered) {
        listener = new Listener(bdevs, rpc, registered, new AtomicBoolean());
    }

    /** The application has ended. */
    public static void uninstall() {
        listener = null;
    }

    /** Whether SPDK runs under the application with that app thread. */
    static boolean runsUnder(SpdkThread appThread) {
        Listener l = listener;
        return l != null && l.appThread() == appThread;
    }

    private static long make() {
        long module =
                Arena.global().allocate(ABI.sizeOf("spdk_bdev_module"), 64).address();
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        set(module, "name", Arena.global().allocateFrom(NAME).address());
        set(
                module,
                "module_init",
                Upcall.stub(lookup, ExportModule.class, "moduleInit", FunctionDescriptor.of(JAVA_INT), 0));
        set(
                module,
                "examine_config",
                Upcall.stub(lookup, ExportModule.class, "examine", FunctionDescriptor.ofVoid(JAVA_LONG), null));
        set(
                module,
                "config_json",
                Upcall.stub(lookup, ExportModule.class, "configJson", FunctionDescriptor.of(JAVA_INT, JAVA_LONG), 0));
        BdevModuleApi.moduleListAdd(module);
        return module;
    }

    private static void set(long module, String field, long value) {
        Raw.putLong(module + ABI.offset("spdk_bdev_module", field), value);
    }

    @SuppressWarnings("unused") // called by SPDK
    private static int moduleInit() {
        return 0;
    }

    @SuppressWarnings("unused") // called by SPDK
    private static void examine(long bdev) {
        try {
            Listener l = listener;
            if (l != null && Raw.getLong(bdev + MODULE_OF_BDEV) != POINTER && l.told.compareAndSet(false, true)) {
                // Not now: SPDK has not finished with its registration.
                l.appThread().sendInternal(() -> {
                    l.told.set(false);
                    l.registered.run();
                });
            }
        } finally {
            BdevModuleApi.examineDone(POINTER);
        }
    }

    /** A saved configuration has the Java devices that calls can make, and says which of all are exported. */
    @SuppressWarnings("unused") // called by SPDK
    private static int configJson(long writer) {
        Listener l = listener;
        if (l == null) {
            return 0;
        }
        for (Bdev bdev : l.bdevs.bdevs()) {
            BdevOps.ConfigCall call = bdev.configCall();
            if (call != null) {
                String ours = EngineProvider.JAVA_PREFIX + call.method();
                boolean prefixed = !l.rpc.statesOf(ours).isEmpty();
                write(writer, prefixed ? ours : call.method(), call.params());
            }
            if (BdevExport.of(bdev) != null) {
                write(writer, ExportRpc.EXPORT, Map.of("name", bdev.name()));
            }
        }
        return 0;
    }

    private static void write(long writer, String method, Map<String, Object> params) {
        JsonApi.writeValue(
                writer, JsonTree.of(new BdevOps.ConfigCall(method, params)).toString());
    }
}
