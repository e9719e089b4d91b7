// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.examples;

import dev.spdkio.SpdkApp;
import dev.spdkio.bdev.BaseBdev;
import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.Claim;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.runtime.SpdkThread;
import dev.spdkio.runtime.Task;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

// docs: mirror
/** A device that keeps what is written to it twice, on two others. */
public final class Mirror implements BdevOps<Mirror.Legs> {
    static final String PRODUCT_NAME = "Mirror";

    /** The two devices below on one thread. */
    public record Legs(BdevChannel first, BdevChannel second) {}

    private final String name;
    private final BaseBdev first;
    private final BaseBdev second;

    private Mirror(String name, BaseBdev first, BaseBdev second) {
        this.name = name;
        this.first = first;
        this.second = second;
    }

    /** On the app thread, as all that opens and closes devices below. */
    static Bdev create(BdevManager bdevs, String name, String firstName, String secondName) throws SpdkException {
        Claim claim = Claim.exclusiveWrite("mirror"); // nobody else writes to them
        BaseBdev first = BaseBdev.open(bdevs, firstName, claim, BaseBdev.Listener.FOLLOW);
        try {
            BaseBdev second = BaseBdev.open(bdevs, secondName, claim, BaseBdev.Listener.FOLLOW);
            try {
                Bdev mirror = bdevs.register(
                        first.spec(name).productName(PRODUCT_NAME).build(), new Mirror(name, first, second));
                second.carries(mirror); // which goes with them
                return first.carries(mirror);
            } catch (SpdkException | RuntimeException e) {
                second.close();
                throw e;
            }
        } catch (SpdkException | RuntimeException e) {
            first.close();
            throw e;
        }
    }

    @Override
    public void submit(Legs legs, BdevIo io) {
        long block = io.offsetBlocks();
        long count = io.blockCount();
        if (io.type() == IoType.READ) {
            io.setDriverRef(legs);
            legs.first.submitChild(io, IoType.READ, 0, block, count, Mirror::firstRead, io);
        } else {
            io.setDriverLong(2); // children under way
            io.setDriverRef(IoStatus.SUCCESS);
            legs.first.submitChild(io, io.type(), 0, block, count, Mirror::legDone, io);
            legs.second.submitChild(io, io.type(), 0, block, count, Mirror::legDone, io);
        }
    }

    private static void firstRead(IoStatus status, @Nullable Object parent) {
        BdevIo io = (BdevIo) Objects.requireNonNull(parent);
        if (status.isSuccess()) {
            io.complete(status);
        } else {
            ((Legs) Objects.requireNonNull(io.driverRef())).second.forward(io); // which completes it
        }
    }

    private static void legDone(IoStatus status, @Nullable Object parent) {
        BdevIo io = (BdevIo) Objects.requireNonNull(parent);
        if (!status.isSuccess()) {
            io.setDriverRef(status);
        }
        io.setDriverLong(io.driverLong() - 1);
        if (io.driverLong() == 0) {
            io.complete((IoStatus) Objects.requireNonNull(io.driverRef()));
        }
    }

    @Override
    public boolean supports(IoType type) {
        return switch (type) {
            case READ, WRITE, UNMAP, WRITE_ZEROES, FLUSH, RESET -> first.supports(type) && second.supports(type);
            default -> false;
        };
    }

    @Override
    public Legs openChannel(SpdkThread thread) {
        return new Legs(first.openChannel(), second.openChannel());
    }

    @Override
    public void closeChannel(Legs legs) {
        legs.first.close();
        legs.second.close();
    }

    @Override
    public CompletionStage<Void> destruct() {
        return CompletableFuture.allOf(first.closeAsync(), second.closeAsync());
    }
    // docs: end

    // docs: mirror-config
    @Override
    public void dumpInfo(Map<String, Object> out) {
        out.put("mirror", Map.of("base_bdevs", baseNames()));
    }

    @Override
    public ConfigCall configCall() {
        return new ConfigCall("bdev_mirror_create", Map.of("name", name, "base_bdevs", baseNames()));
    }

    private List<String> baseNames() {
        return List.of(first.bdev().name(), second.bdev().name());
    }

    /** What an application needs to make mirrors by RPC and from its configuration. */
    public static final class Module implements BdevModule {
        private record Create(String name, List<String> baseBdevs) {}

        @Override
        public String name() {
            return "mirror";
        }

        @Override
        public void register(RpcRegistry registry, BdevManager bdevs) {
            registry.register("bdev_mirror_create", Create.class, p -> {
                if (p.baseBdevs().size() != 2) {
                    throw new IllegalArgumentException("a mirror has two devices, not " + p.baseBdevs());
                }
                return create(
                                bdevs,
                                p.name(),
                                p.baseBdevs().getFirst(),
                                p.baseBdevs().getLast())
                        .name();
            });
            BdevRpc.registerDelete(registry, "bdev_mirror_delete", PRODUCT_NAME, bdevs);
        }
    }
    // docs: end

    /** Runs it. */
    public static void main(String[] args) throws SpdkException {
        // docs: mirror-use
        SpdkApp.Builder builder = SpdkApp.builder().module(new Mirror.Module()).configJson("""
                {"subsystems": [{"subsystem": "bdev", "config": [
                  {"method": "bdev_malloc_create", "params": {"name": "A", "block_size": 512, "num_blocks": 1024}},
                  {"method": "bdev_malloc_create", "params": {"name": "B", "block_size": 512, "num_blocks": 1024}},
                  {"method": "bdev_mirror_create", "params": {"name": "M", "base_bdevs": ["A", "B"]}}
                ]}]}
                """);
        // docs: end
        try (SpdkApp app = builder.start()) {
            JsonNode reply = app.appThread()
                    .<JsonNode>spawn(
                            "rpc",
                            () -> Task.await(Task.call(() -> app.rpc()
                                    .call("bdev_get_bdevs", JsonMapper.shared().readTree("{\"name\": \"A\"}")))))
                    .join();
            System.out.println("A is claimed: " + reply.get(0).get("claim_type").stringValue());
        }
    }
}
