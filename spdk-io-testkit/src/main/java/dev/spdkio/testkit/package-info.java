// SPDX-License-Identifier: Apache-2.0
/**
 * JUnit extensions and contract suites for tests of storage code.
 *
 * <p>A test that needs random input takes it from a seed that a failure names, so that it can be run again:
 *
 * <pre>{@code
 * @Seeded
 * @RepeatedTest(100)
 * void anyMaskReadsBack(RandomGenerator random) {
 *     CpuSet set = CpuSet.singleton(random.nextInt(CpuSet.MAX_CPUS));
 *     assertThat(CpuSet.parse(set.toString())).isEqualTo(set);
 * }
 * }</pre>
 *
 * <p>What every engine must do alike is written once, as an abstract suite, and run by a subclass of ten lines for each
 * implementation. {@link dev.spdkio.testkit.ThreadContract} does so for threads, pollers and I/O devices; it waits
 * through a {@link dev.spdkio.testkit.TestWorld}, which drives a simulation or waits for real reactors:
 *
 * <pre>{@code
 * @Seeded
 * class MyThreadContractTest extends ThreadContract {
 *     @BeforeEach
 *     void open(@Seed long seed) {
 *         use(TestWorld.of(SimulatedRuntime.create(2, seed)));
 *     }
 * }
 * }</pre>
 *
 * <p>{@link dev.spdkio.testkit.BdevContract} does the same for block devices; its subclass makes the device, too.
 */
package dev.spdkio.testkit;
