// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.spdk.nvme;

import dev.spdkio.nvme.NamespaceData;
import dev.spdkio.nvme.NvmeController;
import dev.spdkio.nvme.NvmeNamespace;
import dev.spdkio.spdk.ffi.NvmeApi;
import dev.spdkio.spdk.ffi.Raw;

/** A namespace as SPDK knew it when the controller's thread last asked. */
final class NativeNamespace implements NvmeNamespace {
    private static final int IDENTIFY_BYTES = 4096;

    /** What changes together. */
    private record Facts(long pointer, NamespaceData data, int blockSize, long blockCount, int maxTransfer) {}

    private final NativeController controller;
    private final int id;
    private volatile Facts facts;
    private volatile boolean active;

    NativeNamespace(NativeController controller, int id, long pointer) {
        this.controller = controller;
        this.id = id;
        this.facts = ask(pointer);
        this.active = true;
    }

    private static Facts ask(long pointer) {
        return new Facts(
                pointer,
                NamespaceData.of(Raw.segment(NvmeApi.nsData(pointer), IDENTIFY_BYTES)),
                NvmeApi.nsBlockSize(pointer),
                NvmeApi.nsBlockCount(pointer),
                NvmeApi.nsMaxTransfer(pointer));
    }

    /** Asks SPDK again. On the controller's thread. */
    void refresh(long pointer) {
        facts = ask(pointer);
        active = true;
    }

    /** It is not there any more. SPDK keeps its structure until the next reset. */
    void gone() {
        active = false;
    }

    /** The address of its {@code struct spdk_nvme_ns}; only while the controller is connected, and it is active. */
    long pointer() {
        return facts.pointer();
    }

    @Override
    public NvmeController controller() {
        return controller;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public boolean isActive() {
        return active;
    }

    @Override
    public NamespaceData data() {
        return facts.data();
    }

    @Override
    public int blockSize() {
        return facts.blockSize();
    }

    @Override
    public long blockCount() {
        return facts.blockCount();
    }

    @Override
    public int maxTransferBytes() {
        return facts.maxTransfer();
    }

    @Override
    public String toString() {
        return "namespace " + Integer.toUnsignedString(id) + " of " + controller;
    }
}
