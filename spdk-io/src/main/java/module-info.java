// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * spdk-io for Java: user-space storage for the JVM, shaped like SPDK.
 */
@NullMarked
@SuppressWarnings("module") // those it opens itself to are made after it
module dev.spdkio {
    requires transitive org.jspecify; // not static: RecordReader reads @Nullable at run time
    requires jdk.unsupported;
    requires org.jctools.core.jdk11;
    requires transitive tools.jackson.databind;
    requires static java.logging; // present in every ordinary JDK; LogRpc does without it

    uses dev.spdkio.EngineProvider;
    uses dev.spdkio.bdev.BdevModule;

    provides dev.spdkio.bdev.BdevModule with
            dev.spdkio.bdev.aio.AioBdevModule,
            dev.spdkio.bdev.crypto.CryptoBdevModule,
            dev.spdkio.bdev.delay.DelayBdevModule,
            dev.spdkio.bdev.error.ErrorBdevModule,
            dev.spdkio.bdev.gpt.GptBdevModule,
            dev.spdkio.bdev.malloc.MallocBdevModule,
            dev.spdkio.bdev.nullbdev.NullBdevModule,
            dev.spdkio.bdev.passthru.PassthruBdevModule,
            dev.spdkio.bdev.raid.RaidBdevModule,
            dev.spdkio.bdev.split.SplitBdevModule,
            dev.spdkio.bdev.uring.UringBdevModule,
            dev.spdkio.bdev.zoneblock.ZoneBlockBdevModule;

    exports dev.spdkio;
    exports dev.spdkio.bdev;
    exports dev.spdkio.bdev.aio;
    exports dev.spdkio.bdev.crypto;
    exports dev.spdkio.bdev.delay;
    exports dev.spdkio.bdev.error;
    exports dev.spdkio.bdev.gpt;
    exports dev.spdkio.bdev.malloc;
    exports dev.spdkio.bdev.nullbdev;
    exports dev.spdkio.bdev.passthru;
    exports dev.spdkio.bdev.raid;
    exports dev.spdkio.bdev.split;
    exports dev.spdkio.bdev.uring;
    exports dev.spdkio.bdev.zoneblock;
    exports dev.spdkio.error;
    exports dev.spdkio.memory;
    exports dev.spdkio.request to
            dev.spdkio.blob,
            dev.spdkio.nvme;
    exports dev.spdkio.rpc;
    exports dev.spdkio.runtime;
    exports dev.spdkio.sys;
}
