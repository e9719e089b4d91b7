// SPDX-License-Identifier: Apache-2.0
/**
 * A device that encrypts what another one stores, by AES-XTS, and the ring of keys that it takes its key from. Stands
 * for {@code module/bdev/crypto} and the crypto keys of {@code lib/accel}.
 */
package dev.spdkio.bdev.crypto;
