// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.bdev;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How much a device may do in a second; 0 is no limit. Stands for the limits of {@code spdk_bdev_set_qos_rate_limits}.
 *
 * <p>Thread rule: immutable, usable anywhere.
 *
 * @param iops reads and writes; SPDK rounds up to whole thousands, the hub does not
 * @param mebibytes of reads and writes, in units of 1024 * 1024 bytes
 * @param readMebibytes of reads
 * @param writeMebibytes of writes
 */
public record QosLimits(long iops, long mebibytes, long readMebibytes, long writeMebibytes) {
    /** No limits. */
    public static final QosLimits NONE = new QosLimits(0, 0, 0, 0);

    /** @throws IllegalArgumentException if a limit is negative */
    public QosLimits {
        if ((iops | mebibytes | readMebibytes | writeMebibytes) < 0) {
            throw new IllegalArgumentException("limits of " + iops + " I/Os, " + mebibytes + " MiB, " + readMebibytes
                    + " MiB read and " + writeMebibytes + " MiB written: 0 is no limit, none may be negative");
        }
    }

    /** By SPDK's names, as in {@code bdev_set_qos_limit}. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("rw_ios_per_sec", iops);
        json.put("rw_mbytes_per_sec", mebibytes);
        json.put("r_mbytes_per_sec", readMebibytes);
        json.put("w_mbytes_per_sec", writeMebibytes);
        return json;
    }
}
