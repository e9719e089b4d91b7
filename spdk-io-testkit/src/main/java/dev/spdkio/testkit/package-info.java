// SPDX-License-Identifier: Apache-2.0
/**
 * JUnit extensions for tests of storage code.
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
 */
package dev.spdkio.testkit;
