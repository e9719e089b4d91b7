// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevDesc;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.crypto.CryptoBdev;
import dev.spdkio.bdev.crypto.CryptoBdevOptions;
import dev.spdkio.bdev.crypto.CryptoKey;
import dev.spdkio.bdev.delay.DelayBdev;
import dev.spdkio.bdev.delay.DelayBdevOptions;
import dev.spdkio.bdev.delay.DelayLatencies;
import dev.spdkio.bdev.error.ErrorBdev;
import dev.spdkio.bdev.error.ErrorBdevOptions;
import dev.spdkio.bdev.passthru.PassthruBdev;
import dev.spdkio.bdev.passthru.PassthruBdevOptions;
import dev.spdkio.bdev.raid.RaidArrays;
import dev.spdkio.bdev.raid.RaidBdevOptions;
import dev.spdkio.bdev.raid.RaidLevel;
import dev.spdkio.bdev.split.SplitBdev;
import dev.spdkio.bdev.split.SplitBdevOptions;
import dev.spdkio.error.SpdkException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** Makes disks: simulated devices, alone, below piles of virtual ones, or as members of an array. */
final class DiskMaker {
    /** What can lie between a disk and its storage. */
    private enum Layer {
        PASSTHRU,
        DELAY,
        SPLIT,
        CRYPTO,
        ERROR
    }

    private static final Layer[] LAYERS = Layer.values();
    private static final RaidLevel[] LEVELS = RaidLevel.values();
    private static final int MOST_LAYERS = 3;
    private static final int CIPHER_UNIT = 16;
    private static final Duration ROUND = Duration.ofNanos(50_000);
    private static final int MOST_ROUNDS = 100_000;

    private final World world;
    private final World.Saboteur saboteur;
    private final RaidArrays arrays;

    DiskMaker(World world, World.Saboteur saboteur) {
        this.world = world;
        this.saboteur = saboteur;
        this.arrays = new RaidArrays(world.bdevs);
    }

    Disk make(String name, RandomGenerator r) throws SpdkException {
        int what = r.nextInt(20);
        if (what < 11) {
            return alone(name, r);
        }
        // What the makers of arrays do themselves is not to be refused.
        return what < 17 || world.mayRefuse ? pile(name, r) : array(name, r);
    }

    private SimDevice device(Traits traits, RandomGenerator r) {
        return new SimDevice(world, traits, r.nextLong());
    }

    private Bdev register(String name, SimDevice device, RandomGenerator r) throws SpdkException {
        return world.bdevs.register(
                device.traits.spec(name, new UUID(r.nextLong(), r.nextLong())), saboteur.between(device, world));
    }

    private Disk alone(String name, RandomGenerator r) throws SpdkException {
        SimDevice device = device(Traits.draw(r), r);
        Bdev media = register(name, device, r);
        return new Disk(name, List.of(device), List.of(media), media);
    }

    // ---- piles -----------------------------------------------------------------------------------------------------

    private Disk pile(String name, RandomGenerator r) throws SpdkException {
        SimDevice device = device(Traits.draw(r), r);
        Bdev media = register(name + ".0", device, r);
        int layers = 1 + r.nextInt(MOST_LAYERS);
        Bdev top = media;
        List<Bdev> errors = new ArrayList<>();
        boolean encrypts = false;
        for (int i = 1; i <= layers; i++) {
            Layer layer = LAYERS[r.nextInt(i == layers ? LAYERS.length - 1 : LAYERS.length)];
            long micros = r.nextInt(50);
            top = stack(fits(layer, top) ? layer : Layer.PASSTHRU, name + "." + i, top, micros);
            if (layer != Layer.PASSTHRU) {
                device.lock(); // what is late is overtaken
            }
            if (layer == Layer.ERROR) {
                errors.add(top);
            }
            encrypts |= layer == Layer.CRYPTO && fits(layer, media);
        }
        Disk disk = new Disk(name, List.of(device), List.of(media), top);
        disk.errors.addAll(errors);
        disk.encrypts = encrypts;
        if (encrypts) {
            fillWithZeroes(disk);
        }
        return disk;
    }

    private boolean fits(Layer layer, Bdev base) {
        return switch (layer) {
            case CRYPTO -> base.blockSize() % CIPHER_UNIT == 0 && !world.mayRefuse;
            case SPLIT -> base.blockCount() / 2 % base.writeUnitSize() == 0;
            default -> true;
        };
    }

    private Bdev stack(Layer layer, String name, Bdev base, long micros) {
        return world.rt.call(world.app, () -> switch (layer) {
            case PASSTHRU -> PassthruBdev.create(world.bdevs, new PassthruBdevOptions(name, base.name()));
            case DELAY ->
                DelayBdev.create(
                        world.bdevs,
                        new DelayBdevOptions(
                                name, base.name(), new DelayLatencies(micros, 3 * micros, micros / 2, 5 * micros)));
            case SPLIT ->
                SplitBdev.create(world.bdevs, new SplitBdevOptions(base.name(), 2))
                        .getLast();
            case CRYPTO -> CryptoBdev.create(world.bdevs, new CryptoBdevOptions(name, base.name(), key()));
            case ERROR -> ErrorBdev.create(world.bdevs, new ErrorBdevOptions(base.name()));
        });
    }

    private static CryptoKey key() {
        byte[] data = new byte[CIPHER_UNIT];
        byte[] tweak = new byte[CIPHER_UNIT];
        tweak[0] = 1;
        return new CryptoKey("simulated", data, tweak);
    }

    /** A new disk holds zeroes. */
    private void fillWithZeroes(Disk disk) {
        world.giveMemory();
        disk.devices.forEach(d -> d.behave(true));
        BdevDesc desc = world.rt.call(
                world.app, () -> world.bdevs.open(disk.name, OpenMode.READ_WRITE, BdevEventListener.NONE));
        BdevChannel channel = world.rt.call(world.app, desc::openChannel);
        end(world.rt.call(world.app, () -> channel.writeZeroesBlocksAsync(0, disk.blocks())));
        desc.close();
        end(desc.closed());
        disk.devices.forEach(d -> d.behave(false));
    }

    /** An array that went with its members is kept until it is deleted. */
    private void forget(String name) {
        boolean isKept = world.rt.call(
                world.app, () -> arrays.list().stream().anyMatch(a -> a.name().equals(name)));
        if (isKept) {
            end(world.rt.call(world.app, () -> arrays.delete(name, false)));
        }
    }

    /** Lets time pass until that is done, for which nothing has to happen but that. */
    private <T> T end(CompletableFuture<T> future) {
        for (int round = 0; !future.isDone(); round++) {
            if (round == MOST_ROUNDS) {
                throw new IllegalStateException("a new disk is not there after " + MOST_ROUNDS + " rounds");
            }
            world.rt.runFor(ROUND);
        }
        return future.join();
    }

    // ---- arrays ----------------------------------------------------------------------------------------------------

    private Disk array(String name, RandomGenerator r) throws SpdkException {
        world.giveMemory();
        RaidLevel level = LEVELS[r.nextInt(LEVELS.length)];
        int bases = Math.max(2, level.minBases()) + r.nextInt(2);
        int victim = level.isRedundant() ? r.nextInt(bases) : Array.ALL;
        List<SimDevice> devices = new ArrayList<>();
        List<Bdev> media = new ArrayList<>();
        for (int i = 0; i < bases; i++) {
            Traits traits = Traits.draw(r).ofMember(victim == Array.ALL || victim == i);
            SimDevice device = device(traits, r);
            device.lock();
            device.behave(true);
            devices.add(device);
            media.add(register(name + ".m" + i, device, r));
        }
        int strip = level == RaidLevel.RAID1 ? 0 : 1 << r.nextInt(2);
        RaidBdevOptions options = new RaidBdevOptions(
                name,
                level,
                strip,
                media.stream().map(Bdev::name).toList(),
                new UUID(r.nextLong(), r.nextLong()),
                false);
        forget(name);
        CompletableFuture<Bdev> made = world.rt
                .call(world.app, () -> arrays.create(options))
                .thenApply(array -> java.util.Objects.requireNonNull(array.bdev()));
        Disk disk = new Disk(name, devices, media, end(made));
        disk.array = new Array(arrays, level, media, victim);
        devices.forEach(d -> d.behave(false));
        return disk;
    }
}
