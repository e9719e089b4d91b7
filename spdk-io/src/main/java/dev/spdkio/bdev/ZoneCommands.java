// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import dev.spdkio.error.SpdkException;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link BdevChannel} can do with the zones of its device. Stands for {@code spdk/bdev_zone.h}.
 *
 * <p>A zone is named by its first block, and everything here is counted in blocks. Reads and writes are those of the
 * channel; a write must begin at the write pointer of its zone. The rules are those of the channel; each request
 * allocates a few small objects.
 */
public final class ZoneCommands {
    private final BdevChannel channel;
    private final CommandIo commands;
    private final FutureIo futures;

    ZoneCommands(BdevChannel channel) {
        this.channel = channel;
        this.commands = channel.commands();
        this.futures = channel.futures;
    }

    /** Blocks of a zone; if there are none the request is refused for that. */
    private long zoneBlocks() {
        ZoneSpec zones = channel.bdev().zones();
        return zones == null ? 1 : zones.zoneBlocks();
    }

    // ---- append ----------------------------------------------------------------------------------------------------

    private Command<Long> append(IoVec vec, long zone) {
        return Command.zoneAppend(vec, zone, channel.checks().blocks(IoType.ZONE_APPEND, vec.totalBytes()));
    }

    /**
     * Stores all of {@code buf} at the write pointer of a zone; gives the block where it begins. At once or not at
     * all: it must fit the zone and {@link ZoneSpec#maxAppendBlocks}, and its memory what the device demands.
     * {@code spdk_bdev_zone_append}.
     */
    public void submitAppend(DmaBuf buf, long zone, ResultCompletion<Long> completion, @Nullable Object userData) {
        submitAppendv(IoVec.of(buf), zone, completion, userData);
    }

    /** {@link #submitAppend} with a future. Any thread. */
    public CompletableFuture<Long> appendAsync(DmaBuf buf, long zone) {
        return appendvAsync(IoVec.of(buf), zone);
    }

    /** {@link #submitAppend}, waiting for the end. In a task of its thread. */
    public long append(DmaBuf buf, long zone) throws SpdkException {
        return appendv(IoVec.of(buf), zone);
    }

    /** The same for several pieces of memory; {@code spdk_bdev_zone_appendv}. */
    public void submitAppendv(IoVec vec, long zone, ResultCompletion<Long> completion, @Nullable Object userData) {
        commands.submit(append(vec, zone), completion, userData);
    }

    /** {@link #submitAppendv} with a future. Any thread. */
    public CompletableFuture<Long> appendvAsync(IoVec vec, long zone) {
        return futures.async(append(vec, zone));
    }

    /** {@link #submitAppendv}, waiting for the end. In a task of its thread. */
    public long appendv(IoVec vec, long zone) throws SpdkException {
        return futures.await(append(vec, zone));
    }

    // ---- management ------------------------------------------------------------------------------------------------

    /** Opens, closes, finishes, resets or gives up a zone; {@code spdk_bdev_zone_management}. */
    public void submitManage(ZoneAction action, long zone, IoCompletion completion, @Nullable Object userData) {
        commands.submit(
                Command.zoneManagement(action, zone, zoneBlocks()),
                (status, _, data) -> completion.completed(status, data),
                userData);
    }

    /** {@link #submitManage} with a future. Any thread. */
    public CompletableFuture<Void> manageAsync(ZoneAction action, long zone) {
        return futures.async(Command.zoneManagement(action, zone, zoneBlocks()));
    }

    /** {@link #submitManage}, waiting for the end. In a task of its thread. */
    public void manage(ZoneAction action, long zone) throws SpdkException {
        futures.await(Command.zoneManagement(action, zone, zoneBlocks()));
    }

    // ---- information -----------------------------------------------------------------------------------------------

    private Command<List<ZoneInfo>> information(long zone, int zones) {
        long blocks = zoneBlocks();
        long all = channel.bdev().blockCount() / blocks;
        if (zones < 1 || zones > all) {
            throw new IllegalArgumentException(IoType.GET_ZONE_INFO.jsonName() + " on bdev "
                    + channel.bdev().name() + " of " + zones + " zones: it has " + all + ", ask for at least one");
        }
        return Command.zoneInfo(zone, zones, blocks);
    }

    /** Gives so many zones from the one at block {@code zone} on; {@code spdk_bdev_get_zone_info}. */
    public void submitInfo(
            long zone, int zones, ResultCompletion<List<ZoneInfo>> completion, @Nullable Object userData) {
        commands.submit(information(zone, zones), completion, userData);
    }

    /** {@link #submitInfo} with a future. Any thread. */
    public CompletableFuture<List<ZoneInfo>> infoAsync(long zone, int zones) {
        return futures.async(information(zone, zones));
    }

    /** {@link #submitInfo}, waiting for the end. In a task of its thread. */
    public List<ZoneInfo> info(long zone, int zones) throws SpdkException {
        return futures.await(information(zone, zones));
    }
}
