// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * The methods {@code accel_crypto_key_create}, {@code accel_crypto_keys_get} and {@code accel_crypto_key_destroy}, and
 * the saved configuration of the keys. As in SPDK, both tell the keys themselves: guard the socket and the file.
 */
public final class CryptoKeyRpc {
    private CryptoKeyRpc() {}

    private record Create(String cipher, String key, Optional<String> key2, Optional<String> tweakMode, String name) {}

    private record Get(Optional<String> keyName) {}

    private record Destroy(String keyName) {}

    /** Registers the methods; {@code helper} does what takes long. */
    public static void register(RpcRegistry registry, CryptoKeyRing ring, Executor helper) {
        registry.register("accel_crypto_key_create", Create.class, p -> {
            if (!p.tweakMode().orElse(CryptoKey.TWEAK_MODE).equals(CryptoKey.TWEAK_MODE)) {
                throw new IllegalArgumentException("crypto key " + p.name() + ": tweak mode "
                        + p.tweakMode().get() + " needs hardware; use " + CryptoKey.TWEAK_MODE);
            }
            ring.add(key(p.name(), p.cipher(), p.key(), p.key2()));
            // The first cipher of a JVM takes long to find: not on a reactor.
            CompletionStage<Void> found = CompletableFuture.runAsync(AesXts::findCipher, helper);
            return found.thenApply(_ -> true);
        });
        registry.register(
                "accel_crypto_keys_get",
                Get.class,
                p -> get(ring, p).stream().map(CryptoKeyRpc::describe).toList());
        registry.register("accel_crypto_key_destroy", Destroy.class, p -> {
            ring.destroy(p.keyName());
            return true;
        });
    }

    private static List<CryptoKey> get(CryptoKeyRing ring, Get p) throws SpdkException {
        return p.keyName().isPresent() ? List.of(ring.get(p.keyName().get())) : ring.keys();
    }

    /** A key from its hexadecimal halves, which no message tells. */
    static CryptoKey key(String name, String cipher, String hex, Optional<String> hex2) {
        if (!cipher.equals(CryptoKey.CIPHER)) {
            throw new IllegalArgumentException(
                    "crypto key " + name + ": cipher " + cipher + " is unknown; use " + CryptoKey.CIPHER);
        }
        byte[] key = unhex(name, "key", hex);
        byte[] key2 = unhex(
                name,
                "key2",
                hex2.orElseThrow(() -> new IllegalArgumentException(
                        "crypto key " + name + ": " + CryptoKey.CIPHER + " needs key2, as long as key")));
        try {
            return new CryptoKey(name, key, key2);
        } finally {
            Arrays.fill(key, (byte) 0);
            Arrays.fill(key2, (byte) 0);
        }
    }

    private static byte[] unhex(String name, String parameter, String hex) {
        try {
            return HexFormat.of().parseHex(hex);
        } catch (IllegalArgumentException tellsTheKey) {
            throw new IllegalArgumentException("crypto key " + name + ": " + parameter + " has " + hex.length()
                    + " characters that are not pairs of hexadecimal digits");
        }
    }

    private static Map<String, Object> describe(CryptoKey key) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", key.name());
        out.put("cipher", CryptoKey.CIPHER);
        out.put("key", hex(key.key()));
        out.put("key2", hex(key.key2()));
        out.put("tweak_mode", CryptoKey.TWEAK_MODE);
        return out;
    }

    private static String hex(byte[] half) {
        String hex = HexFormat.of().formatHex(half);
        Arrays.fill(half, (byte) 0);
        return hex;
    }

    /** The calls that make the keys again. */
    static List<ConfigCall> configCalls(CryptoKeyRing ring) {
        return ring.keys().stream()
                .map(key -> new ConfigCall("accel_crypto_key_create", describe(key)))
                .toList();
    }
}
