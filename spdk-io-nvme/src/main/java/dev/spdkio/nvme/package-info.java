// SPDX-License-Identifier: Apache-2.0
/**
 * NVMe controllers, namespaces and queue pairs, over PCIe and over fabrics. Stands for {@code spdk/nvme.h}.
 */
package dev.spdkio.nvme;
