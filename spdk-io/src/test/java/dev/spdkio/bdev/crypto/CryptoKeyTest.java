// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.error.SpdkException;
import dev.spdkio.rpc.RpcException;
import dev.spdkio.rpc.RpcRegistry;
import dev.spdkio.rpc.RpcState;
import dev.spdkio.sys.Errno;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CryptoKeyTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String HEX = "00112233445566778899aabbccddeeff";
    private static final String HEX2 = "ffeeddccbbaa99887766554433221100";

    private final CryptoKeyRing ring = new CryptoKeyRing();
    private final RpcRegistry rpc = new RpcRegistry();

    private static byte[] bytes(int length, int value) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private JsonNode call(String method, @Nullable Object params) throws Exception {
        try {
            return rpc.call(method, JSON.valueToTree(params)).get();
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    private void register() {
        CryptoKeyRpc.register(rpc, ring, Runnable::run);
        rpc.setState(RpcState.RUNTIME);
    }

    @Test
    @DisplayName("the halves have 16 or 32 bytes, are as long as each other, and differ")
    void halvesAreChecked() {
        for (int length : new int[] {0, 15, 24, 33}) {
            assertThatThrownBy(() -> new CryptoKey("k", bytes(length, 1), bytes(length, 2)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("crypto key k");
        }
        assertThatThrownBy(() -> new CryptoKey("k", bytes(16, 1), bytes(32, 2)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new CryptoKey("k", bytes(16, 1), bytes(16, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the same");
        assertThatThrownBy(() -> new CryptoKey(" ", bytes(16, 1), bytes(16, 2)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("a key that was destroyed is gone, and one that is used stays")
    void destroys() throws SpdkException {
        CryptoKey key = new CryptoKey("k", bytes(16, 1), bytes(16, 2));
        ring.add(key);
        assertErrno(Errno.EEXIST, () -> ring.add(key));
        key.use();
        assertErrno(Errno.EBUSY, () -> ring.destroy("k"));
        assertThat(key.key()).isEqualTo(bytes(16, 1));
        key.unuse();
        ring.destroy("k");
        assertThatThrownBy(key::key).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(key::use).isInstanceOf(IllegalStateException.class);
        assertErrno(Errno.ENOENT, () -> ring.destroy("k"));
        key.destroy();
    }

    private static void assertErrno(int errno, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SpdkException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    @DisplayName("the RPC methods of SPDK: create, get, destroy; the configuration makes the same keys again")
    void rpc() throws Exception {
        register();
        call(
                "accel_crypto_key_create",
                Map.of("cipher", "AES_XTS", "key", HEX, "key2", HEX2, "name", "k1", "tweak_mode", "SIMPLE_LBA"));
        call("accel_crypto_key_create", Map.of("cipher", "AES_XTS", "key", HEX2, "key2", HEX, "name", "k2"));
        assertThat(call("accel_crypto_keys_get", Map.of())).hasSize(2);
        JsonNode one = call("accel_crypto_keys_get", Map.of("key_name", "k1"));
        assertThat(one.get(0).get("key").stringValue()).isEqualTo(HEX);
        assertThat(one.get(0).get("key2").stringValue()).isEqualTo(HEX2);

        List<ConfigCall> saved = CryptoKeyRpc.configCalls(ring);
        assertThat(saved).extracting(ConfigCall::method).containsOnly("accel_crypto_key_create");
        call("accel_crypto_key_destroy", Map.of("key_name", "k1"));
        call("accel_crypto_key_destroy", Map.of("key_name", "k2"));
        assertThat(ring.keys()).isEmpty();
        for (ConfigCall again : saved) {
            call(again.method(), again.params());
        }
        assertThat(ring.get("k2").key()).isEqualTo(java.util.HexFormat.of().parseHex(HEX2));
    }

    @Test
    @DisplayName("no message tells a key")
    void keysAreNotTold() {
        register();
        for (Map<String, ?> bad : List.<Map<String, ?>>of(
                Map.of("cipher", "AES_XTS", "key", HEX + "x", "key2", HEX2, "name", "k"),
                Map.of("cipher", "AES_XTS", "key", HEX + "zz", "key2", HEX2, "name", "k"),
                Map.of("cipher", "AES_XTS", "key", HEX, "key2", HEX, "name", "k"),
                Map.of("cipher", "AES_XTS", "key", HEX, "name", "k"),
                Map.of("cipher", "AES_CBC", "key", HEX, "key2", HEX2, "name", "k"),
                Map.of("cipher", "AES_XTS", "key", HEX, "key2", HEX2, "name", "k", "tweak_mode", "INCR_512_FULL_LBA"),
                Map.of("cipher", "AES_XTS", "key", HEX, "key2", List.of(HEX2), "name", "k"))) {
            assertThatThrownBy(() -> call("accel_crypto_key_create", bad))
                    .isInstanceOf(RpcException.class)
                    .satisfies(e -> assertThat(String.valueOf(e.getMessage())).doesNotContain(HEX, HEX2));
        }
        assertThat(new CryptoKey("k", bytes(16, 1), bytes(16, 2))).hasToString("crypto key k (AES_XTS)");
        assertThat(ring.keys()).isEmpty();
    }
}
