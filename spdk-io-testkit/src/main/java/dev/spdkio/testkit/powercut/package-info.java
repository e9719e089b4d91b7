// SPDX-License-Identifier: Apache-2.0
/**
 * Power cuts of a blobstore, bounded but exhaustive: every script of up to three operations, cut after every write and
 * flush, with every part of the device's volatile cache lost, and again while that is recovered.
 *
 * <p>Reading order: {@code Operations} (what scripts are made of), {@code Script} (one that runs), {@code View} (what
 * can be seen of a store), {@code Expectation} (what may be seen after a cut), {@link
 * dev.spdkio.testkit.powercut.PowerCuts} (the exploration), {@link dev.spdkio.testkit.powercut.Main} (the command).
 *
 * <p>Metadata that somebody changed comes from the same scripts: {@code MetadataImages} (stores that are as they should
 * be), {@code Mutator} (what is done to them), {@link dev.spdkio.testkit.powercut.MetadataFuzz} (what must hold then).
 */
@NullMarked
package dev.spdkio.testkit.powercut;

import org.jspecify.annotations.NullMarked;
