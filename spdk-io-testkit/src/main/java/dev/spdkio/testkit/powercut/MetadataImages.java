// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.testkit.powercut;

import dev.spdkio.blob.spi.BlobstoreProvider.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Devices with stores that are as they should be: unloaded, not unloaded, and cut off in the middle of something. */
final class MetadataImages {
    /** What was done to the blobs of {@link Operations#prepare} before. */
    private static final List<List<String>> SCRIPTS = List.of(
            List.of(),
            List.of("manyXattrs", "xattr", "sync"),
            List.of("snapshotThin", "snapshotRle", "snapshotBased"),
            List.of("growThin", "writeThin", "writeRle", "sync"),
            List.of("clone", "decouple", "inflate", "superBlob"),
            List.of("createThin", "createRle", "deleteThick", "readOnly"));

    /** Operations in whose middle snapshots are half made or half removed. */
    private static final List<String> HALVES = List.of("snapshotBased", "snapshotRle", "deleteSnapshot");

    private MetadataImages() {}

    /** Makes them. */
    static List<byte[]> make() {
        List<byte[]> images = new ArrayList<>();
        try (CutWorld world = new CutWorld()) {
            Script first = new Script(world, Mode.INIT);
            Map<String, Operations.Op> operations = Operations.of(Operations.prepare(first));
            first.unload();
            byte[] base = world.device.content();
            for (List<String> names : SCRIPTS) {
                world.device.reset(base);
                Script s = new Script(world, Mode.LOAD);
                names.forEach(name -> s.run(Objects.requireNonNull(operations.get(name))));
                s.syncAll();
                images.add(world.device.content());
                s.unload();
                images.add(world.device.content());
            }
            for (String half : HALVES) {
                world.device.reset(base);
                Script s = new Script(world, Mode.LOAD);
                if (half.equals("deleteSnapshot")) {
                    s.run(Objects.requireNonNull(operations.get("deleteClone"))); // it can have one
                }
                int before = world.device.eventCount();
                s.run(Objects.requireNonNull(operations.get(half)));
                for (int at = before + 1; at < world.device.eventCount(); at += 2) {
                    images.add(world.device.cut(at, CutWorld.CLUSTER).image(_ -> true));
                }
                s.unload();
            }
        }
        return images;
    }
}
