// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blob.store;

import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.ClaimType;
import dev.spdkio.blob.check.CheckReport;
import dev.spdkio.blob.check.Remedy;
import dev.spdkio.blob.check.RepairOptions;
import dev.spdkio.blob.check.Severity;
import dev.spdkio.blob.check.Subject;
import dev.spdkio.blob.format.MalformedMetadataException;
import dev.spdkio.blob.format.MetadataPage;
import dev.spdkio.blob.format.SuperBlock;
import dev.spdkio.error.SpdkException;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.sys.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@link dev.spdkio.blob.check.BlobstoreCheck}, at work on one device: opens it, and takes the super block. */
public final class Examination {
    private final Devices devices;
    private final SpdkThread thread;
    private final String name;
    private final RepairOptions options;
    private final boolean repair;
    private final String what;
    private final Findings findings = new Findings();

    private Examination(BdevManager bdevs, SpdkThread thread, String name, RepairOptions options, boolean repair) {
        this.devices = new Devices.OfApplication(bdevs);
        this.thread = thread;
        this.name = name;
        this.options = options;
        this.repair = repair;
        this.what = "blobstore on bdev " + name + ": " + (repair ? "repair" : "examination");
    }

    /** Examines a device, and does what is planned if it is a repair. Any thread. */
    public static CompletableFuture<CheckReport> run(
            BdevManager bdevs, SpdkThread thread, String name, RepairOptions options, boolean repair) {
        Examination e = new Examination(bdevs, thread, name, options, repair);
        return Steps.on(thread, e::run, UnaryOperator.identity());
    }

    private CompletableFuture<CheckReport> run() throws SpdkException {
        if (devices.bdevs().lookup(name) == null) {
            throw Failures.of(Errno.ENODEV, what, "there is no such device: create it first, or look at its name");
        }
        BdevDesc desc = open();
        thread.beginOperation();
        CautiousDevice device =
                new CautiousDevice(desc, Math.max(SuperBlock.BYTES, desc.bdev().blockSize()));
        return Steps.after(
                Steps.begin(() -> examine(device)),
                (report, failure) -> device.close().thenCompose(_ -> {
                    thread.endOperation();
                    return failure == null
                            ? CompletableFuture.completedFuture(report)
                            : CompletableFuture.failedFuture(failure);
                }));
    }

    private BdevDesc open() throws SpdkException {
        Runnable nothing = () -> {}; // reads fail then
        try {
            if (repair) {
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

    private CompletableFuture<CheckReport> examine(CautiousDevice device) {
        long bytes = Math.max(SuperBlock.BYTES, device.bdev().blockSize());
        return device.with(
                        bytes,
                        buf -> device.read(buf, 0)
                                .thenApply(_ -> buf.segment()
                                        .asSlice(0, SuperBlock.BYTES)
                                        .toArray(ValueLayout.JAVA_BYTE)))
                .thenCompose(page -> Steps.begin(() -> {
                    SuperBlock s = device.unreadable.isEmpty() ? decode(MemorySegment.ofArray(page), device) : null;
                    if (s == null) {
                        device.unreadable.forEach((_, why) -> findings.add(
                                Severity.DAMAGE,
                                Subject.SUPER_BLOCK,
                                "the super block cannot be read: " + why,
                                Remedy.DEVICE));
                        return CompletableFuture.completedFuture(findings.report(name, null, List.of(), List.of()));
                    }
                    Opening.checkBlocks(what, device.bdev(), s);
                    return new Inspection(devices, thread, device, s, findings, options).run(what, repair);
                }));
    }

    // ---- the super block --------------------------------------------------------------------------------------------

    private @Nullable SuperBlock decode(MemorySegment page, StoreDevice device) {
        long bytes = device.bdev().sizeBytes();
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
