// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.spdkio.bdev.BdevIo;
import dev.spdkio.bdev.BdevOps;
import dev.spdkio.bdev.IoStatus;
import dev.spdkio.bdev.IoType;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.runtime.SpdkThread;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulation finds what is wrong: something between the hub and the devices does what it must not. */
class SabotageTest {
    private static final int ENOUGH_SEEDS = 200;
    private static final Logger LOG = Logger.getLogger("dev.spdkio");

    @BeforeAll
    static void badCompletionsAreLogged() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void asBefore() {
        LOG.setLevel(null);
    }

    enum Sabotage {
        LOST_COMPLETION {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (!wire.strikes()) {
                    wire.pass(ch, io);
                }
            }
        },
        DOUBLE_COMPLETION {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                wire.pass(ch, io);
                if (wire.strikes()) {
                    io.completeFromAnyThread(IoStatus.SUCCESS);
                }
            }
        },
        LOST_WRITE {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (io.type() == IoType.WRITE && wire.strikes()) {
                    io.complete(IoStatus.SUCCESS);
                } else {
                    wire.pass(ch, io);
                }
            }
        },
        WRONG_DATA {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (io.type() == IoType.WRITE && wire.strikes()) {
                    io.segment(0).set(java.lang.foreign.ValueLayout.JAVA_BYTE, io.length(0) / 2, (byte) 77);
                }
                wire.pass(ch, io);
            }
        },
        /** It ends, and is done all the same, when the memory may be somebody else's. */
        LATE_WRITE {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (io.type() == IoType.WRITE && wire.strikes()) {
                    wire.device.writeLater(io);
                    io.complete(IoStatus.ABORTED);
                } else {
                    wire.pass(ch, io);
                }
            }
        },
        LEAKED_PIN {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (wire.strikes() && wire.leak.isEmpty()) {
                    DmaBuf buf = wire.world.pool.tryAllocate(512);
                    if (buf != null) {
                        buf.pin(ch.thread);
                        wire.leak.add(buf);
                    }
                }
                wire.pass(ch, io);
            }
        },
        LEAKED_MEMORY {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                if (wire.strikes()) {
                    var _ = wire.world.pool.tryAllocate(512);
                }
                wire.pass(ch, io);
            }
        },
        REORDERED {
            @Override
            void submit(Wire wire, SimDevice.Channel ch, BdevIo io) {
                BdevIo held = wire.held;
                if (held == null && wire.strikes()) {
                    wire.held = io;
                    wire.heldOn = ch;
                    ch.thread.defer(() -> wire.letGo(ch));
                    return;
                }
                wire.pass(ch, io);
                if (wire.heldOn == ch) {
                    wire.letGo(ch);
                }
            }
        };

        abstract void submit(Wire wire, SimDevice.Channel ch, BdevIo io);
    }

    /** Between the hub and a device. */
    private static final class Wire implements BdevOps<SimDevice.Channel> {
        final Sabotage sabotage;
        final SimDevice device;
        final World world;
        final List<DmaBuf> leak = new ArrayList<>();
        BdevIo held;
        SimDevice.Channel heldOn;
        private int passed;

        Wire(Sabotage sabotage, SimDevice device, World world) {
            this.sabotage = sabotage;
            this.device = device;
            this.world = world;
        }

        boolean strikes() {
            return ++passed % 20 == 0;
        }

        void pass(SimDevice.Channel ch, BdevIo io) {
            device.submit(ch, io);
        }

        void letGo(SimDevice.Channel ch) {
            BdevIo io = held;
            if (io != null && heldOn == ch) {
                held = null;
                heldOn = null;
                pass(ch, io);
            }
        }

        @Override
        public void submit(SimDevice.Channel ch, BdevIo io) {
            sabotage.submit(this, ch, io);
        }

        @Override
        public void abort(SimDevice.Channel ch, BdevIo target, BdevIo abort) {
            device.abort(ch, target, abort);
        }

        @Override
        public void awaitRoom(SimDevice.Channel ch, Runnable roomMade) {
            device.awaitRoom(ch, roomMade);
        }

        @Override
        public boolean supports(IoType type) {
            return device.supports(type);
        }

        @Override
        public SimDevice.Channel openChannel(SpdkThread thread) {
            return device.openChannel(thread);
        }

        @Override
        public void closeChannel(SimDevice.Channel ch) {
            device.closeChannel(ch);
        }

        @Override
        public java.util.concurrent.CompletionStage<Void> destruct() {
            return device.destruct();
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Sabotage sabotage) {
        World.Saboteur saboteur = (device, world) -> new Wire(sabotage, device, world);
        for (long seed = 1; seed <= ENOUGH_SEEDS; seed++) {
            try {
                Simulation.run(Plan.of(seed), saboteur);
            } catch (SimulationFailure e) {
                assertThat(e).hasMessageContaining("seed " + seed).hasMessageContaining("the last events");
                SimulationFailure shorter = Shrinker.shrink(e, saboteur);
                assertThat(shorter.plan().actions())
                        .hasSizeLessThanOrEqualTo(e.plan().actions().size());
                return;
            }
        }
        fail(sabotage + " was not found with " + ENOUGH_SEEDS + " seeds");
    }
}
