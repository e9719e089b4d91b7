// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spdkio.bdev.Bdev;
import dev.spdkio.bdev.BdevChannel;
import dev.spdkio.bdev.BdevEventListener;
import dev.spdkio.bdev.BdevModule;
import dev.spdkio.bdev.BdevOps.ConfigCall;
import dev.spdkio.bdev.BdevSpec;
import dev.spdkio.bdev.IoType;
import dev.spdkio.bdev.MetadataSpec;
import dev.spdkio.bdev.OpenMode;
import dev.spdkio.bdev.crypto.CryptoBdev;
import dev.spdkio.bdev.crypto.CryptoBdevModule;
import dev.spdkio.bdev.crypto.CryptoBdevOptions;
import dev.spdkio.bdev.crypto.CryptoKey;
import dev.spdkio.bdev.malloc.MallocBdev;
import dev.spdkio.bdev.malloc.MallocBdevOptions;
import dev.spdkio.memory.DmaBuf;
import dev.spdkio.memory.IoVec;
import dev.spdkio.sys.Errno;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CryptoBdevTest extends VirtualBdevTest {
    private static final String HEX = "00112233445566778899aabbccddeeff";
    private static final String HEX2 = "ffeeddccbbaa99887766554433221100";
    private static final Map<String, Object> KEY = Map.of("cipher", "AES_XTS", "key", HEX, "key2", HEX2, "name", "k1");

    private final CryptoBdevModule module = new CryptoBdevModule();

    @Override
    BdevModule module() {
        return module;
    }

    private static CryptoKey key(int repeat) {
        HexFormat hex = HexFormat.of();
        return new CryptoKey("key", hex.parseHex(HEX.repeat(repeat)), hex.parseHex(HEX2.repeat(repeat)));
    }

    private Bdev crypto(CryptoKey key) {
        return make(() -> CryptoBdev.create(bed.bdevs(), new CryptoBdevOptions("Crypto0", "Base0", key)));
    }

    /** What the device below has. */
    private byte[] below(long block, int count) {
        Bdev upper = bed.bdev();
        bed.use(find("Base0"));
        var desc = bed.open(bed.app(), OpenMode.READ_ONLY, BdevEventListener.NONE);
        byte[] content = contentOf(world.on(bed.app(), desc::openChannel), block, count);
        bed.use(upper);
        return content;
    }

    private static String sha256(byte[] content, int block) throws Exception {
        byte[] one = Arrays.copyOfRange(content, block * 512, (block + 1) * 512);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(one));
    }

    @Test
    void refusesWhatChecksTheData() {
        make(() -> bed.bdevs()
                .register(
                        BdevSpec.builder("Dif", 528, 8)
                                .metadata(new MetadataSpec(16, true, 1, false, true, false, true, 0))
                                .build(),
                        new MemoryDisk(528 * 8)));
        assertThatThrownBy(() ->
                        make(() -> CryptoBdev.create(bed.bdevs(), new CryptoBdevOptions("Crypto0", "Dif", key(1)))))
                .hasStackTraceContaining("crypto bdev Crypto0: bdev Dif checks the data");
        assertThat(bed.bdevs().lookup("Crypto0")).isNull();
    }

    @Test
    @DisplayName("below are the bytes that SPDK has there with the same key")
    void hasTheBytesOfSpdk() throws Exception {
        byte[] plain = new byte[4 * 512];
        for (int i = 0; i < plain.length; i++) {
            plain[i] = (byte) i;
        }
        Bdev bdev = crypto(key(1));
        BdevChannel ch = bed.channel(bed.app());
        bed.good(ch, (c, u) -> ch.submitWrite(bed.buf(plain), 0, c, u));
        byte[] secret = below(0, 4);
        assertThat(sha256(secret, 0)).isEqualTo("fe9c741bdf88647fb9c0ad890f82443f6a833a51f3e71829636ab6bc26c89905");
        assertThat(sha256(secret, 3)).isEqualTo("08f7a5598eb4843d067c822a0d437fa3be1af046b7ff8864b798ccec9378f895");
        ch.desc().close();
        world.await(ch.desc().closed());
        world.await(bed.bdevs().unregister(bdev));

        crypto(key(2));
        BdevChannel longer = bed.channel(bed.app());
        bed.good(longer, (c, u) -> longer.submitWrite(bed.buf(plain), 0, c, u));
        secret = below(0, 4);
        assertThat(sha256(secret, 0)).isEqualTo("c6ab7f2340f11faead4d158b8c3dfee77195a966d29094a4ccee300b8f4f72e2");
        assertThat(sha256(secret, 3)).isEqualTo("ec7ab1c7b8dec61a0da800aea523eb07a25122a7fb4bba80de41065ea1c3b660");
        assertThat(contentOf(longer, 0, 4)).isEqualTo(plain);
    }

    @Test
    @DisplayName("memory in any pieces, and I/O of any size, is encrypted like one piece")
    void takesPieces() {
        crypto(key(1));
        BdevChannel ch = bed.channel(bed.app());
        byte[] plain = new byte[700 * 512];
        new Random(7).nextBytes(plain);
        DmaBuf whole = bed.buf(plain);
        bed.good(ch, (c, u) -> ch.submitWrite(whole, 0, c, u));
        byte[] secret = below(0, 700);
        bed.good(ch, (c, u) -> ch.submitWriteZeroes(0, plain.length, c, u));
        byte[] zeroes = below(0, 700);
        assertThat(Arrays.equals(zeroes, secret)).isFalse();
        assertThat(Arrays.equals(zeroes, new byte[zeroes.length])).isFalse();
        IoVec pieces = IoVec.builder()
                .add(whole, 0, 7)
                .add(whole, 7, 1000)
                .add(whole, 1007, plain.length - 1007)
                .build();
        bed.good(ch, (c, u) -> ch.submitWritev(pieces, 0, c, u));
        assertThat(below(0, 700)).isEqualTo(secret);
        DmaBuf in = bed.buf(plain.length, 0);
        IoVec into = IoVec.builder()
                .add(in, 0, 3)
                .add(in, 3, 513)
                .add(in, 516, plain.length - 516)
                .build();
        bed.good(ch, (c, u) -> ch.submitReadv(into, 0, c, u));
        assertThat(BdevBed.bytes(in)).isEqualTo(plain);
        assertThat(BdevBed.bytes(whole)).as("what was written").isEqualTo(plain);
        assertThat(bed.bdev().emulates(IoType.WRITE_ZEROES)).isTrue();
        assertThat(bed.bdev().emulates(IoType.COPY)).isTrue();
        assertThat(bed.bdev().supports(IoType.ZCOPY)).isFalse();
    }

    @Test
    @DisplayName("the RPC methods of SPDK: a key of the ring, or one that comes and goes with the device")
    void rpc() {
        assertRpcRefused(-Errno.ENOENT, "bdev_crypto_create", create("key_name", "k1"));
        call("accel_crypto_key_create", KEY);
        assertThat(call("bdev_crypto_create", create("key_name", "k1")).stringValue())
                .isEqualTo("Crypto0");
        assertThat(Objects.requireNonNull(find("Crypto0").configCall()).params().toString())
                .contains("k1")
                .doesNotContain(HEX, HEX2);
        assertThat(module.configCalls(bed.bdevs()))
                .extracting(ConfigCall::method)
                .contains("accel_crypto_key_create");
        assertRpcRefused(-Errno.EBUSY, "accel_crypto_key_destroy", Map.of("key_name", "k1"));
        call("bdev_crypto_delete", Map.of("name", "Crypto0"));
        call("accel_crypto_key_destroy", Map.of("key_name", "k1"));
        assertThat(call("accel_crypto_keys_get", Map.of())).isEmpty();

        Map<String, Object> legacy =
                Map.of("name", "Crypto0", "base_bdev_name", "Base0", "key", HEX, "key2", HEX2, "crypto_pmd", "x");
        call("bdev_crypto_create", legacy);
        assertThat(call("accel_crypto_keys_get", Map.of()).get(0).get("name").stringValue())
                .isEqualTo("Crypto0_AES_XTS");
        call("bdev_crypto_delete", Map.of("name", "Crypto0"));
        world.settle();
        assertThat(call("accel_crypto_keys_get", Map.of())).isEmpty();
        assertRpcRefused(-32602, "bdev_crypto_create", Map.of("name", "C", "base_bdev_name", "Base0"));
        assertThat(find("Base0").claims()).isEmpty();
    }

    private static Map<String, Object> create(String more, Object value) {
        return Map.of("name", "Crypto0", "base_bdev_name", "Base0", more, value);
    }

    @Test
    @DisplayName("a device that waits for its base is made when that comes, with its key; and is saved meanwhile")
    void waitsForItsBase() {
        call("accel_crypto_key_create", KEY);
        call("bdev_crypto_create", Map.of("name", "Late", "base_bdev_name", "Base1", "key_name", "k1"));
        assertThat(bed.bdevs().lookup("Late")).isNull();
        assertThat(module.configCalls(bed.bdevs()))
                .extracting(ConfigCall::method)
                .containsExactly("accel_crypto_key_create", "bdev_crypto_create");
        Bdev base = world.on(bed.app(), () -> MallocBdev.create(bed.bdevs(), new MallocBdevOptions("Base1", 4096, 16)));
        world.settle();
        assertThat(find("Late").blockSize()).isEqualTo(4096);
        world.await(bed.bdevs().unregister(base));
        world.settle();
        assertThat(bed.bdevs().lookup("Late")).isNull();
        call("bdev_crypto_delete", Map.of("name", "Late"));
        assertThat(module.configCalls(bed.bdevs())).hasSize(1);
        assertThatThrownBy(() -> new CryptoBdevOptions("A", "A", key(1))).isInstanceOf(IllegalArgumentException.class);
    }
}
