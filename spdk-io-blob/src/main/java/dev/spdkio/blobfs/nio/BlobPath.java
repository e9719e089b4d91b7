// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A path as Unix has them: names with slashes between. The empty path has one name, which is empty.
 *
 * <p>Thread rule: immutable, usable anywhere.
 */
final class BlobPath implements Path {
    private static final String[] EMPTY = {""};

    private final BlobFileSystem system;
    private final boolean absolute;
    private final String[] names;

    /** How it is written; the names are most often not asked for. */
    private final String text;

    private BlobPath(BlobFileSystem system, boolean absolute, String[] names) {
        this.system = system;
        this.absolute = absolute;
        this.names = names.length == 0 && !absolute ? EMPTY : names;
        this.text = (absolute ? "/" : "") + String.join("/", names);
    }

    /** The path of a text; slashes too many are left out. */
    static BlobPath parse(BlobFileSystem system, String text) {
        int nul = text.indexOf('\0');
        if (nul >= 0) {
            throw new InvalidPathException(text, "a name has no NUL", nul);
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new InvalidPathException(text, "a name has no half of a surrogate pair");
        }
        String[] names = Stream.of(text.split("/")).filter(n -> !n.isEmpty()).toArray(String[]::new);
        return new BlobPath(system, text.startsWith("/"), names);
    }

    /** One of ours, or a refusal. */
    static BlobPath of(Path path) {
        if (path instanceof BlobPath p) {
            return p;
        }
        if (path == null) {
            throw new NullPointerException("path");
        }
        throw new ProviderMismatchException("'" + path + "' is a path of " + path.getFileSystem());
    }

    /** The name of the file in the flat file system; empty for the root. */
    String flat() {
        return toAbsolutePath().normalize().text.substring(1);
    }

    // ---- parts ------------------------------------------------------------------------------------------------------

    @Override
    public BlobFileSystem getFileSystem() {
        return system;
    }

    @Override
    public boolean isAbsolute() {
        return absolute;
    }

    @Override
    public @Nullable BlobPath getRoot() {
        return absolute ? system.root() : null;
    }

    @Override
    public @Nullable BlobPath getFileName() {
        int n = names.length;
        return n == 0 ? null : n == 1 && !absolute ? this : subpath(n - 1, n);
    }

    @Override
    public @Nullable BlobPath getParent() {
        int n = names.length;
        if (n == 0 || (n == 1 && !absolute)) {
            return null;
        }
        return new BlobPath(system, absolute, Arrays.copyOf(names, n - 1));
    }

    @Override
    public int getNameCount() {
        return names.length;
    }

    @Override
    public BlobPath getName(int index) {
        return subpath(index, index + 1);
    }

    @Override
    public BlobPath subpath(int beginIndex, int endIndex) {
        if (beginIndex < 0 || endIndex > names.length || beginIndex >= endIndex) {
            throw new IllegalArgumentException(
                    "names " + beginIndex + " to " + endIndex + " of '" + this + "', which has " + names.length);
        }
        return new BlobPath(system, false, Arrays.copyOfRange(names, beginIndex, endIndex));
    }

    @Override
    public boolean startsWith(Path other) {
        return other instanceof BlobPath o
                && o.system == system
                && o.absolute == absolute
                && o.names.length <= names.length
                && Arrays.equals(names, 0, o.names.length, o.names, 0, o.names.length);
    }

    @Override
    public boolean endsWith(Path other) {
        if (!(other instanceof BlobPath o) || o.system != system || o.names.length > names.length) {
            return false;
        }
        int from = names.length - o.names.length;
        return o.absolute ? equals(o) : Arrays.equals(names, from, names.length, o.names, 0, o.names.length);
    }

    // ---- other paths from it ----------------------------------------------------------------------------------------

    @Override
    public BlobPath normalize() {
        Deque<String> kept = new ArrayDeque<>();
        for (String name : names) {
            boolean up = name.equals("..");
            if (up && !kept.isEmpty() && !kept.getLast().equals("..")) {
                kept.removeLast();
            } else if (!name.equals(".") && !(up && absolute)) {
                kept.add(name);
            }
        }
        return kept.size() == names.length ? this : new BlobPath(system, absolute, kept.toArray(String[]::new));
    }

    @Override
    public BlobPath resolve(Path other) {
        BlobPath o = of(other);
        if (o.absolute || isEmpty()) {
            return o;
        }
        if (o.isEmpty()) {
            return this;
        }
        String[] all = Arrays.copyOf(names, names.length + o.names.length);
        System.arraycopy(o.names, 0, all, names.length, o.names.length);
        return new BlobPath(system, absolute, all);
    }

    private boolean isEmpty() {
        return text.isEmpty();
    }

    @Override
    public BlobPath relativize(Path other) {
        BlobPath o = of(other);
        if (o.absolute != absolute || o.system != system) {
            throw new IllegalArgumentException("'" + other + "' as seen from '" + this
                    + "': both must be absolute or both relative, in one file system");
        }
        if (equals(o)) {
            return new BlobPath(system, false, EMPTY);
        }
        String[] from = normalize().namesOrNone();
        String[] to = isEmpty() ? o.namesOrNone() : o.normalize().namesOrNone();
        int same = 0;
        while (same < from.length && same < to.length && from[same].equals(to[same])) {
            same++;
        }
        String[] result = new String[from.length - same + to.length - same];
        for (int i = same; i < from.length; i++) {
            if (from[i].equals("..")) {
                throw new IllegalArgumentException("'" + other + "' as seen from '" + this + "' is not known");
            }
            result[i - same] = "..";
        }
        System.arraycopy(to, same, result, from.length - same, to.length - same);
        return new BlobPath(system, false, result);
    }

    private String[] namesOrNone() {
        return isEmpty() ? new String[0] : names;
    }

    @Override
    public BlobPath toAbsolutePath() {
        return absolute ? this : new BlobPath(system, true, namesOrNone());
    }

    @Override
    public BlobPath toRealPath(LinkOption... options) throws IOException {
        BlobPath real = toAbsolutePath().normalize();
        var _ = system.attributes(real);
        return real;
    }

    @Override
    public URI toUri() {
        try {
            return new URI(BlobFsProvider.SCHEME, system.bdevName() + "!" + toAbsolutePath().text, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("'" + this + "' cannot be written as a URI", e);
        }
    }

    // ---- the rest ---------------------------------------------------------------------------------------------------

    @Override
    public WatchKey register(WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw BlobFileSystem.noWatching();
    }

    @Override
    public int compareTo(Path other) {
        return text.compareTo(((BlobPath) other).text);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof BlobPath o && o.system == system && o.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
