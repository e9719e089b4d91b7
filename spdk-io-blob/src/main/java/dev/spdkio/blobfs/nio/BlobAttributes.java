// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.blobfs.FileInfo;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a file, or of a directory if {@code file} is null. Times are not kept: they are the epoch.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
record BlobAttributes(@Nullable FileInfo file) implements BasicFileAttributes {
    static final String VIEW = "basic";

    private static final FileTime NEVER = FileTime.fromMillis(0);

    @Override
    public FileTime lastModifiedTime() {
        return NEVER;
    }

    @Override
    public FileTime lastAccessTime() {
        return NEVER;
    }

    @Override
    public FileTime creationTime() {
        return NEVER;
    }

    @Override
    public boolean isRegularFile() {
        return file != null;
    }

    @Override
    public boolean isDirectory() {
        return file == null;
    }

    @Override
    public boolean isSymbolicLink() {
        return false;
    }

    @Override
    public boolean isOther() {
        return false;
    }

    @Override
    public long size() {
        FileInfo f = file;
        return f == null ? 0 : f.length();
    }

    @Override
    public @Nullable Object fileKey() {
        FileInfo f = file;
        return f == null ? null : f.id();
    }

    /** Those that are asked for, as {@code size,isDirectory}, {@code *} or {@code basic:*}. */
    @SuppressWarnings("NullAway") // a directory has no key, which the JDK says by null
    Map<String, Object> select(String attributes) {
        String list = withoutView(attributes);
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("lastModifiedTime", lastModifiedTime());
        all.put("lastAccessTime", lastAccessTime());
        all.put("creationTime", creationTime());
        all.put("size", size());
        all.put("isRegularFile", isRegularFile());
        all.put("isDirectory", isDirectory());
        all.put("isSymbolicLink", isSymbolicLink());
        all.put("isOther", isOther());
        all.put("fileKey", fileKey());
        Set<String> wanted = Set.copyOf(List.of(list.split(",")));
        for (String name : wanted) {
            if (!name.equals("*") && !all.containsKey(name)) {
                throw new IllegalArgumentException("attribute '" + name + "': there are " + all.keySet());
            }
        }
        if (!wanted.contains("*")) {
            all.keySet().retainAll(wanted);
        }
        return all;
    }

    /** The names without a view before them, which must be ours. */
    static String withoutView(String attributes) {
        int colon = attributes.indexOf(':');
        if (colon >= 0 && !attributes.substring(0, colon).equals(VIEW)) {
            throw new UnsupportedOperationException(
                    "attributes '" + attributes + "': there is the view " + VIEW + " only");
        }
        return attributes.substring(colon + 1);
    }
}
