// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import dev.spdkio.bdev.BdevManager;
import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.LateBdevs;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcRegistry;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The methods {@code bdev_crypto_create} and {@code bdev_crypto_delete}. A key comes from the ring, or, as in old
 * configurations, with the device: then it is in the ring until the device is deleted.
 */
final class CryptoBdevRpc {
    private static final Logger LOG = System.getLogger(CryptoBdevRpc.class.getName());

    private final BdevManager bdevs;
    private final CryptoKeyRing ring;
    private final LateBdevs<CryptoBdevOptions> late;

    /** The keys that came with devices, by the names of these. */
    private final Map<String, String> ownKeys = new HashMap<>();

    CryptoBdevRpc(BdevManager bdevs, CryptoKeyRing ring, LateBdevs<CryptoBdevOptions> late) {
        this.bdevs = bdevs;
        this.ring = ring;
        this.late = late;
    }

    private record Create(
            String baseBdevName,
            String name,
            Optional<String> cryptoPmd,
            Optional<String> key,
            Optional<String> cipher,
            Optional<String> key2,
            Optional<String> keyName) {}

    void register(RpcRegistry registry) {
        registry.register("bdev_crypto_create", Create.class, this::create);
        BdevRpc.registerDelete(registry, "bdev_crypto_delete", name -> {
            CompletionStage<Void> gone = late.delete(bdevs, name, CryptoBdev.PRODUCT_NAME);
            return gone.thenRun(() -> bdevs.appThread().execute(() -> destroyOwnKey(name)));
        });
    }

    private String create(Create p) throws SpdkException {
        String cipher = p.cipher().orElse(CryptoKey.CIPHER);
        String keyName = p.keyName().orElse(p.name() + "_" + cipher);
        if (p.keyName().isEmpty() && ring.find(keyName) == null) {
            String hex = p.key()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "crypto bdev " + p.name() + " has no key: give key_name, or key and key2"));
            ring.add(CryptoKeyRpc.key(keyName, cipher, hex, p.key2()));
            ownKeys.put(p.name(), keyName);
        }
        CryptoBdevOptions options = new CryptoBdevOptions(p.name(), p.baseBdevName(), ring.get(keyName));
        try {
            return late.create(bdevs, p.name(), p.baseBdevName(), options);
        } catch (SpdkException | RuntimeException e) {
            destroyOwnKey(p.name());
            throw e;
        }
    }

    private void destroyOwnKey(String device) {
        String keyName = ownKeys.remove(device);
        if (keyName != null) {
            try {
                ring.destroy(keyName);
            } catch (SpdkException e) {
                LOG.log(Level.INFO, "{0}: it stays in the ring", e.getMessage());
            }
        }
    }
}
