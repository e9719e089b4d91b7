// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.blob.BlobstoreOptions;
import dev.spdkio.blob.check.Remedy;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.check.Subject;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.blob.spi.BlobstoreBase;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The device of a store that nobody has loaded, and its super block, as far as it can be read. */
final class Offline {
    final Devices devices;
    final String name;
    private final SpdkThread thread;
    private final String what;

    /** Something that is done with the device. On the metadata thread. */
    interface Body<T> {
        CompletableFuture<T> run(CautiousDevice device) throws SpdkException;
    }

    Offline(BdevManager bdevs, SpdkThread thread, String name, String doing) {
        this.devices = new Devices.OfApplication(bdevs);
        this.thread = thread;
        this.name = name;
        this.what = "blobstore on bdev " + name + ": " + doing;
    }

    /** Opens the device, so that nobody else writes it, does something, and closes it. Any thread. */
    <T> CompletableFuture<T> use(boolean writes, Body<T> body) {
        return BlobstoreBase.begin(
                thread,
                () -> {
                    if (devices.bdevs().lookup(name) == null) {
                        throw Failures.of(
                                Errno.ENODEV, what, "there is no such device: create it first, or look at its name");
                    }
                    BdevDesc desc = open(writes);
                    thread.beginOperation();
                    CautiousDevice device = new CautiousDevice(
                            desc, Math.max(SuperBlock.BYTES, desc.bdev().blockSize()));
                    return Steps.after(
                            Steps.begin(() -> body.run(device)),
                            (value, failure) -> device.close().thenCompose(_ -> {
                                thread.endOperation();
                                return failure == null
                                        ? CompletableFuture.completedFuture(value)
                                        : CompletableFuture.failedFuture(failure);
                            }));
                },
                UnaryOperator.identity());
    }

    private BdevDesc open(boolean writes) throws SpdkException {
        Runnable nothing = () -> {}; // reads fail then
        try {
            if (writes) {
                return devices.open(name, nothing);
            }
            BdevDesc desc = devices.openBelow(name, nothing);
            try {
                desc.claim(Claim.of("blobstore check", ClaimType.READ_MANY_WRITE_NONE));
                return desc;
            } catch (SpdkException | RuntimeException e) {
                desc.close();
                throw e;
            }
        } catch (SpdkException e) {
            throw Failures.of(
                    e.errno(), what, "somebody may write it: unload the store that is on it first; " + e.getMessage());
        }
    }

    /** A store of which nothing is known but the super block. */
    Store store(StoreDevice device, SuperBlock s) {
        return new Store(devices, thread, BlobstoreOptions.DEFAULT, device, s, Space.unknown(s));
    }

    // ---- the super block --------------------------------------------------------------------------------------------

    /** Reads the super block; empty if there is none to go by. */
    CompletableFuture<Optional<SuperBlock>> superBlock(CautiousDevice device, Findings findings) {
        return device.with(
                        Math.max(SuperBlock.BYTES, device.bdev().blockSize()),
                        buf -> device.read(buf, 0)
                                .thenApply(_ -> buf.segment()
                                        .asSlice(0, SuperBlock.BYTES)
                                        .toArray(ValueLayout.JAVA_BYTE)))
                .thenCompose(page -> Steps.begin(() -> {
                    String unreadable = device.unreadable.get(0L);
                    if (unreadable != null) {
                        findings.add(
                                Severity.DAMAGE,
                                Subject.SUPER_BLOCK,
                                "the super block cannot be read: " + unreadable,
                                Remedy.DEVICE);
                        return CompletableFuture.completedFuture(Optional.empty());
                    }
                    SuperBlock s =
                            decode(MemorySegment.ofArray(page), device.bdev().sizeBytes(), findings);
                    if (s != null) {
                        Opening.checkBlocks(what, device.bdev(), s);
                    }
                    return CompletableFuture.completedFuture(Optional.ofNullable(s));
                }));
    }

    private static @Nullable SuperBlock decode(MemorySegment page, long bytes, Findings findings) {
        try {
            SuperBlock s = SuperBlock.decode(page, bytes);
            if (!MetadataPage.isIntact(page)) {
                findings.add(
                        Severity.RECOVERABLE,
                        Subject.SUPER_BLOCK,
                        "the super block was written in part, the last time it changed; all of it is known",
                        Remedy.LOAD);
            }
            return s;
        } catch (MalformedMetadataException e) {
            boolean intact = MetadataPage.isIntact(page);
            MetadataPage.seal(page, MetadataPage.next(page));
            SuperBlock s = tryDecode(page, bytes);
            if (s == null) {
                s = tryDecode(page, Long.MAX_VALUE);
            }
            if (s == null) {
                findings.add(
                        Severity.DAMAGE,
                        Subject.SUPER_BLOCK,
                        e.getMessage() + ", so that nothing else can be found: there is no store, or it was destroyed,"
                                + " or its making did not end",
                        Remedy.NONE);
                return null;
            }
            if (!intact) {
                findings.add(
                        Severity.DAMAGE,
                        Subject.SUPER_BLOCK,
                        "the super block has a wrong checksum, but all that it says is possible",
                        Remedy.ACCEPT_SUPER_BLOCK);
            }
            if (s.size() > bytes) {
                findings.add(
                        Severity.DAMAGE,
                        Subject.DEVICE,
                        "the device has " + bytes + " bytes, and the store " + s.size(),
                        Remedy.DEVICE);
            }
            return intact ? s : s.withClean(false);
        }
    }

    private static @Nullable SuperBlock tryDecode(MemorySegment page, long bytes) {
        try {
            return SuperBlock.decode(page, bytes);
        } catch (MalformedMetadataException e) {
            return null;
        }
    }
}
