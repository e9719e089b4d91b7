// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spdkio.bdev.BdevRpc;
import dev.spdkio.bdev.lvol.Lvol;
import dev.spdkio.bdev.lvol.LvolStore;
import dev.spdkio.rpc.RpcErrorCode;
import dev.spdkio.sys.Errno;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The methods of logical volumes, with the answers and error codes of SPDK's. */
class LvolRpcTest extends LvolTest {
    private static final int MIB = 1 << 20;

    private String createStore() {
        return call(
                        "bdev_lvol_create_lvstore",
                        Map.of("bdev_name", "Base0", "lvs_name", "lvs", "cluster_sz", CLUSTER, "clear_method", "none"))
                .asString();
    }

    private String createLvol(String name, int mib) {
        return call(
                        "bdev_lvol_create",
                        Map.of("lvs_name", "lvs", "lvol_name", name, "size_in_mib", mib, "thin_provision", true))
                .asString();
    }

    @Test
    void storesAndVolumesAreMadeAndListed() {
        String uuid = createStore();
        JsonNode store = call("bdev_lvol_get_lvstores", Map.of("uuid", uuid)).get(0);
        assertThat(store.propertyNames())
                .containsExactly(
                        "uuid",
                        "name",
                        "base_bdev",
                        "total_data_clusters",
                        "free_clusters",
                        "block_size",
                        "cluster_size",
                        "max_growable_size");
        assertThat(store.get("name").asString()).isEqualTo("lvs");
        assertThat(store.get("base_bdev").asString()).isEqualTo("Base0");
        assertThat(store.get("cluster_size").asInt()).isEqualTo(CLUSTER);
        assertThat(store.get("block_size").asInt()).isEqualTo(512);

        String lvol = createLvol("lvol", 2);
        JsonNode listed = call("bdev_lvol_get_lvols", Map.of("lvs_uuid", uuid)).get(0);
        assertThat(listed.propertyNames())
                .containsExactly(
                        "alias",
                        "uuid",
                        "name",
                        "is_thin_provisioned",
                        "is_snapshot",
                        "is_clone",
                        "is_esnap_clone",
                        "is_degraded",
                        "num_allocated_clusters",
                        "lvs");
        assertThat(listed.get("uuid").asString()).isEqualTo(lvol);
        assertThat(listed.get("alias").asString()).isEqualTo("lvs/lvol");
        assertThat(listed.get("lvs").get("uuid").asString()).isEqualTo(uuid);
        assertThat(find(lvol).sizeBytes()).isEqualTo(2 * MIB);
        assertThat(call("bdev_lvol_get_lvols", Map.of())).hasSize(1);
    }

    @Test
    void everyMethodDoesWhatItSays() {
        createStore();
        createLvol("lvol", 2);
        assertThat(call("bdev_lvol_snapshot", Map.of("lvol_name", "lvs/lvol", "snapshot_name", "snap"))
                        .asString())
                .isEqualTo(find("lvs/snap").name());
        String clone = call("bdev_lvol_clone", Map.of("snapshot_name", "lvs/snap", "clone_name", "clone"))
                .asString();
        yes("bdev_lvol_rename", Map.of("old_name", clone, "new_name", "other"));
        yes("bdev_lvol_resize", Map.of("name", "lvs/other", "size_in_mib", 3));
        assertThat(find("lvs/other").sizeBytes()).isEqualTo(3 * MIB);
        yes("bdev_lvol_decouple_parent", Map.of("name", "lvs/other"));
        yes("bdev_lvol_inflate", Map.of("name", "lvs/lvol"));
        createLvol("second", 2);
        yes("bdev_lvol_set_parent", Map.of("lvol_name", "lvs/second", "parent_name", "lvs/snap"));
        malloc("Parent", 32);
        yes("bdev_lvol_set_parent_bdev", Map.of("lvol_name", "lvs/second", "parent_name", "Parent"));
        call("bdev_lvol_clone_bdev", Map.of("bdev", "Parent", "lvs_name", "lvs", "clone_name", "esnap"));
        yes("bdev_lvol_set_read_only", Map.of("name", "lvs/other"));
        yes("bdev_lvol_delete", Map.of("name", "lvs/other"));
        yes("bdev_lvol_grow_lvstore", Map.of("lvs_name", "lvs"));
        yes("bdev_lvol_rename_lvstore", Map.of("old_name", "lvs", "new_name", "renamed"));
        assertThat(find("renamed/esnap").isRegistered()).isTrue();
        assertThat(on(() -> BdevRpc.config(bdevs())))
                .as("what there is to say is on the device")
                .noneMatch(c -> c.toString().contains("lvol"));
        yes("bdev_lvol_delete_lvstore", Map.of("lvs_name", "renamed"));
        assertThat(call("bdev_lvol_get_lvstores", Map.of())).isEmpty();
    }

    private void yes(String method, Map<String, ?> params) {
        assertThat(call(method, params).asBoolean()).as(method).isTrue();
    }

    @Test
    void copiesAreFollowedByNumber() {
        LvolStore store = store();
        thin(store, "lvol", 4);
        fill("lvs/lvol", 1, 1);
        fill("lvs/lvol", 2, 2);
        Lvol lvol = find(store, "lvol");
        does(() -> lvol.snapshot("snap"));
        malloc("Target", 4);
        int number = call(
                        "bdev_lvol_start_shallow_copy", Map.of("src_lvol_name", "lvs/snap", "dst_bdev_name", "Target"))
                .get("operation_id")
                .asInt();
        Map<String, Integer> which = Map.of("operation_id", number);
        JsonNode told;
        do {
            told = call("bdev_lvol_check_shallow_copy", which);
        } while (told.get("state").asString().equals("in progress"));
        assertThat(told.get("state").asString()).isEqualTo("complete");
        assertThat(told.get("copied_clusters").asInt()).isEqualTo(2);
        assertThat(told.get("total_clusters").asInt()).isEqualTo(2);
        assertThat(filled("Target", 2)).isEqualTo(2);
        assertRpcRefused(-Errno.ENODEV, "bdev_lvol_check_shallow_copy", which);
        assertRpcRefused(
                RpcErrorCode.INVALID_PARAMS,
                "bdev_lvol_start_shallow_copy",
                Map.of("src_lvol_name", "lvs/lvol", "dst_bdev_name", "Target"));
        assertRpcRefused(
                -Errno.ENODEV,
                "bdev_lvol_start_shallow_copy",
                Map.of("src_lvol_name", "lvs/nothing", "dst_bdev_name", "Target"));
    }

    @Test
    void errorCodesAreThoseOfSpdk() {
        String uuid = createStore();
        createLvol("lvol", 1);
        Map<String, Object> store = Map.of("bdev_name", "Base0", "lvs_name", "lvs");
        malloc("Base1", 64);
        refused(-Errno.EEXIST, "bdev_lvol_create_lvstore", Map.of("bdev_name", "Base1", "lvs_name", "lvs"));
        refused(-Errno.EPERM, "bdev_lvol_create_lvstore", Map.of("bdev_name", "Base0", "lvs_name", "other"));
        refused(-Errno.ENODEV, "bdev_lvol_create_lvstore", Map.of("bdev_name", "No", "lvs_name", "other"));
        refused(-Errno.EINVAL, "bdev_lvol_create_lvstore", Map.of("bdev_name", "Base1", "lvs_name", ""));
        refused(
                -Errno.EINVAL,
                "bdev_lvol_create_lvstore",
                Map.of("bdev_name", "Base1", "lvs_name", "x", "clear_method", "shred"));
        refused(
                -Errno.EINVAL,
                "bdev_lvol_create_lvstore",
                Map.of("bdev_name", "Base1", "lvs_name", "x", "md_page_size", 5000));
        assertThat(store).hasSize(2);

        refused(-Errno.ENODEV, "bdev_lvol_get_lvstores", Map.of("lvs_name", "no"));
        refused(-Errno.EINVAL, "bdev_lvol_get_lvstores", Map.of("lvs_name", "lvs", "uuid", uuid));
        refused(-Errno.EINVAL, "bdev_lvol_delete_lvstore", Map.of());
        refused(-Errno.ENODEV, "bdev_lvol_delete_lvstore", Map.of("uuid", "no uuid"));
        refused(-Errno.ENOENT, "bdev_lvol_rename_lvstore", Map.of("old_name", "no", "new_name", "x"));

        Map<String, Object> taken = Map.of("lvs_name", "lvs", "lvol_name", "lvol", "size_in_mib", 1);
        refused(-Errno.EEXIST, "bdev_lvol_create", taken);
        refused(-Errno.EINVAL, "bdev_lvol_create", Map.of("lvs_name", "lvs", "lvol_name", "", "size_in_mib", 1));
        refused(-Errno.ENODEV, "bdev_lvol_create", Map.of("lvs_name", "no", "lvol_name", "x", "size_in_mib", 1));
        refused(
                RpcErrorCode.INVALID_PARAMS,
                "bdev_lvol_create",
                Map.of("lvs_name", "lvs", "lvol_name", "large", "size_in_mib", 100));
        refused(-Errno.ENODEV, "bdev_lvol_snapshot", Map.of("lvol_name", "Base0", "snapshot_name", "s"));
        refused(
                RpcErrorCode.INVALID_PARAMS,
                "bdev_lvol_snapshot",
                Map.of("lvol_name", "lvs/lvol", "snapshot_name", "lvol"));
        refused(RpcErrorCode.INVALID_PARAMS, "bdev_lvol_clone", Map.of("snapshot_name", "lvs/lvol", "clone_name", "c"));
        refused(
                RpcErrorCode.INVALID_PARAMS,
                "bdev_lvol_clone_bdev",
                Map.of("bdev", "no", "lvs_name", "lvs", "clone_name", "c"));
        refused(
                RpcErrorCode.INVALID_PARAMS,
                "bdev_lvol_clone_bdev",
                Map.of("bdev", "Base1", "lvs_name", "no", "clone_name", "c"));
        refused(-Errno.ENODEV, "bdev_lvol_delete", Map.of("name", "lvs/no"));
        call("bdev_lvol_snapshot", Map.of("lvol_name", "lvs/lvol", "snapshot_name", "snap"));
        call("bdev_lvol_clone", Map.of("snapshot_name", "lvs/snap", "clone_name", "clone"));
        refused(RpcErrorCode.INTERNAL_ERROR, "bdev_lvol_delete", Map.of("name", "lvs/snap"));
    }

    private void refused(int code, String method, Map<String, ?> params) {
        assertRpcRefused(code, method, params);
    }
}
