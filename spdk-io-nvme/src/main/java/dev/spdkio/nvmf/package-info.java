// SPDX-License-Identifier: Apache-2.0
/**
 * The NVMe-oF target: block devices of this application as NVMe namespaces for hosts elsewhere.
 *
 * <p>An {@link dev.spdkio.nvmf.NvmfTarget} has transports, over which hosts come, and subsystems, which they see. A
 * {@link dev.spdkio.nvmf.NvmfSubsystem} is a controller to a host: it has a name (its NQN), namespaces, which are
 * bdevs, and listeners, which are the addresses where it can be reached.
 *
 * <pre>{@code
 * NvmfTarget target = NvmfTarget.create(app, NvmfTargetOptions.DEFAULT).join();
 * target.addTransport(NvmfTransportOptions.tcp()).join();
 * NvmfSubsystem disks = target.addSubsystem(
 *                 NvmfSubsystemOptions.of("nqn.2025-01.com.example:disks").withAllowAnyHost(true))
 *         .join();
 * disks.addNamespace("Malloc0").join();
 * disks.addListener(TransportId.tcp("127.0.0.1", 4420, "")).join();
 * disks.start().join();
 * }</pre>
 *
 * <p>Who serves the hosts is hidden behind the interfaces: {@link dev.spdkio.Engine#SPDK} brings SPDK's own target.
 */
package dev.spdkio.nvmf;
