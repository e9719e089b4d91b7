// SPDX-License-Identifier: Apache-2.0
package dev.spdkio.blobfs.nio;

import dev.spdkio.SpdkApp;
import dev.spdkio.blobfs.BlobFs;
import dev.spdkio.blobfs.BlobFsOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.spi.FileSystemProvider;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@code blobfs:} file systems: {@code FileSystems.newFileSystem(URI.create("blobfs:Malloc0"), Map.of("app",
 * app))}. A path is written {@code blobfs:Malloc0!/directory/file}.
 *
 * <p>Thread rule: as {@link BlobFileSystem}.
 */
public final class BlobFsProvider extends FileSystemProvider {
    /** The scheme of its URIs. */
    public static final String SCHEME = "blobfs";

    /** Key of an {@link SpdkApp}: the file system of the bdev is loaded in it, and unloaded when it is closed. */
    public static final String APP = "app";

    /** Key of a {@link BlobFs} that is loaded, and stays so. */
    public static final String BLOBFS = "blobfs";

    /** Key of {@link BlobFsOptions}. */
    public static final String OPTIONS = "options";

    /** Key of a {@link Boolean}: a new file system is made; what the bdev holds is lost. */
    public static final String INIT = "init";

    private static final Set<String> KEYS = Set.of(APP, BLOBFS, OPTIONS, INIT);

    /** For the JDK, which finds it as a service. */
    public BlobFsProvider() {}

    /** The JDK's, or one more where services are not found. */
    static BlobFsProvider installed() {
        return Installed.PROVIDER;
    }

    private static final class Installed {
        static final BlobFsProvider PROVIDER = FileSystemProvider.installedProviders().stream()
                .filter(BlobFsProvider.class::isInstance)
                .map(BlobFsProvider.class::cast)
                .findFirst()
                .orElseGet(BlobFsProvider::new);
    }

    // ---- file systems -----------------------------------------------------------------------------------------------

    @Override
    public String getScheme() {
        return SCHEME;
    }

    /**
     * Loads the file system of a bdev, or makes one; the keys are the constants here.
     *
     * @throws FileSystemAlreadyExistsException if one on a bdev of that name is open
     * @throws IOException as {@link BlobFs#load} and {@link BlobFs#init}
     */
    @Override
    public BlobFileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
        String bdev = bdevOf(uri);
        for (String key : env.keySet()) {
            if (!KEYS.contains(key)) {
                throw new IllegalArgumentException("key '" + key + "' for " + uri + ": there are " + KEYS);
            }
        }
        if (BlobFileSystem.find(bdev).isPresent()) {
            throw new FileSystemAlreadyExistsException(uri + " is open: FileSystems.getFileSystem gives it");
        }
        if (env.get(BLOBFS) instanceof BlobFs fs) {
            if (!fs.store().bdevName().equals(bdev)) {
                throw new IllegalArgumentException(uri + " is not for the " + fs);
            }
            return BlobFileSystem.of(fs);
        }
        if (!(env.get(APP) instanceof SpdkApp app)) {
            throw new IllegalArgumentException(
                    uri + " needs an SpdkApp under the key '" + APP + "', or a BlobFs under '" + BLOBFS + "'");
        }
        BlobFsOptions options = env.get(OPTIONS) instanceof BlobFsOptions o ? o : BlobFsOptions.DEFAULT;
        boolean init = Boolean.TRUE.equals(env.get(INIT));
        return BlobFileSystem.of(init ? BlobFs.init(app, bdev, options) : BlobFs.load(app, bdev, options), true);
    }

    @Override
    public BlobFileSystem getFileSystem(URI uri) {
        return BlobFileSystem.get(bdevOf(uri));
    }

    @Override
    public Path getPath(URI uri) {
        String rest = partOf(uri);
        int mark = rest.indexOf("!/");
        return getFileSystem(uri).getPath(mark < 0 ? "/" : rest.substring(mark + 1));
    }

    private static String bdevOf(URI uri) {
        String rest = partOf(uri);
        int mark = rest.indexOf("!/");
        return mark < 0 ? rest : rest.substring(0, mark);
    }

    private static String partOf(URI uri) {
        String part = uri.getSchemeSpecificPart();
        if (!SCHEME.equalsIgnoreCase(uri.getScheme()) || part == null || part.startsWith("/")) {
            throw new IllegalArgumentException(uri + ": write blobfs:BDEV or blobfs:BDEV!/PATH");
        }
        return part;
    }

    // ---- channels ---------------------------------------------------------------------------------------------------

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        BlobPath p = BlobPath.of(path);
        Access access = Access.of(options);
        checkNone(attributes);
        return p.getFileSystem().opened(new BlobFileChannel(p.getFileSystem().open(p, access)));
    }

    @Override
    public AsynchronousFileChannel newAsynchronousFileChannel(
            Path path,
            Set<? extends OpenOption> options,
            @Nullable ExecutorService executor,
            FileAttribute<?>... attributes)
            throws IOException {
        BlobPath p = BlobPath.of(path);
        Access access = Access.of(options);
        if (access.append()) {
            throw new UnsupportedOperationException("APPEND: an asynchronous channel has no position");
        }
        checkNone(attributes);
        return p.getFileSystem().opened(new BlobAsyncChannel(p.getFileSystem().open(p, access), executor));
    }

    private static void checkNone(FileAttribute<?>... attributes) {
        if (attributes.length > 0) {
            throw new UnsupportedOperationException("attribute " + attributes[0].name() + " cannot be set here");
        }
    }

    // ---- directories ------------------------------------------------------------------------------------------------

    @Override
    public void createDirectory(Path dir, FileAttribute<?>... attributes) throws IOException {
        BlobPath p = BlobPath.of(dir);
        checkNone(attributes);
        var _ = p.getFileSystem().changing(p, null, () -> {
            p.getFileSystem().tree().createDirectory(p);
            return true;
        });
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path dir, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        BlobPath p = BlobPath.of(dir);
        Tree tree = p.getFileSystem().tree();
        if (!tree.isDirectory(p.flat())) {
            boolean nothing = tree.file(p.flat()).isEmpty() && tree.missing(p) instanceof NoSuchFileException;
            throw nothing ? new NoSuchFileException(p.toString()) : new NotDirectoryException(p.toString());
        }
        List<Path> children =
                tree.children(p.flat()).stream().<Path>map(p::resolve).toList();
        return new BlobDirectoryStream(children.iterator(), filter);
    }

    // ---- names ------------------------------------------------------------------------------------------------------

    @Override
    public void delete(Path path) throws IOException {
        BlobPath p = BlobPath.of(path);
        var _ = p.getFileSystem().changing(p, null, () -> {
            p.getFileSystem().tree().delete(p);
            return true;
        });
    }

    /** Copies the bytes; a directory without what is in it. Not atomic, and durable when the target was synced. */
    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        Set<CopyOption> set = Set.of(options);
        checkKnown(
                set,
                StandardCopyOption.REPLACE_EXISTING,
                StandardCopyOption.COPY_ATTRIBUTES,
                LinkOption.NOFOLLOW_LINKS);
        copy(BlobPath.of(source), BlobPath.of(target), set.contains(StandardCopyOption.REPLACE_EXISTING));
    }

    private void copy(BlobPath source, BlobPath target, boolean replace) throws IOException {
        BlobAttributes attributes = source.getFileSystem().attributes(source);
        if (isSame(source, target)) {
            return;
        }
        if (replace) {
            boolean _ = deleteIfExists(target);
        } else if (target.getFileSystem().provider().exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        if (attributes.isDirectory()) {
            createDirectory(target);
            return;
        }
        try (FileChannel in = newFileChannel(source, Set.of(StandardOpenOption.READ));
                FileChannel out =
                        newFileChannel(target, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW))) {
            try {
                long at = 0;
                for (long n = 1; n > 0; at += n) {
                    n = in.transferTo(at, Long.MAX_VALUE, out);
                }
            } catch (IOException | RuntimeException e) {
                boolean _ = deleteIfExists(target);
                throw e;
            }
        }
    }

    /** Renames in one step what is in the same file system; else copies and deletes. */
    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        Set<CopyOption> set = Set.of(options);
        checkKnown(set, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE, LinkOption.NOFOLLOW_LINKS);
        BlobPath from = BlobPath.of(source);
        BlobPath to = BlobPath.of(target);
        boolean atomic = set.contains(StandardCopyOption.ATOMIC_MOVE);
        boolean replace = atomic || set.contains(StandardCopyOption.REPLACE_EXISTING);
        if (from.getFileSystem() == to.getFileSystem()) {
            var _ = from.getFileSystem().changing(from, to, () -> {
                from.getFileSystem().tree().move(from, to, replace, atomic);
                return true;
            });
            return;
        }
        if (atomic) {
            throw new AtomicMoveNotSupportedException(source.toString(), target.toString(), "they are on two devices");
        }
        copy(from, to, replace);
        delete(from);
    }

    private static void checkKnown(Set<CopyOption> options, CopyOption... known) {
        for (CopyOption option : options) {
            if (!List.of(known).contains(option)) {
                throw new UnsupportedOperationException("option " + option + " does not apply here");
            }
        }
    }

    // ---- attributes -------------------------------------------------------------------------------------------------

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        if (path.equals(other)) {
            return true;
        }
        if (!(other instanceof BlobPath o)) {
            return false;
        }
        BlobPath p = BlobPath.of(path);
        checkAccess(p);
        checkAccess(o);
        return isSame(p, o);
    }

    private static boolean isSame(BlobPath one, BlobPath other) {
        return one.getFileSystem() == other.getFileSystem() && one.flat().equals(other.flat());
    }

    /** As on Unix: a name that begins with a dot. */
    @Override
    public boolean isHidden(Path path) {
        Path name = BlobPath.of(path).getFileName();
        return name != null && name.toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        checkAccess(path);
        return BlobPath.of(path).getFileSystem().store();
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        BlobPath p = BlobPath.of(path);
        BlobAttributes attributes = p.getFileSystem().attributes(p);
        if (attributes.isRegularFile() && List.of(modes).contains(AccessMode.EXECUTE)) {
            throw new AccessDeniedException(path.toString(), null, "nothing here is executed");
        }
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        BlobPath p = BlobPath.of(path);
        return type == BasicFileAttributeView.class ? type.cast(new BlobAttributeView(p)) : null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        BlobPath p = BlobPath.of(path);
        if (type != BasicFileAttributes.class) {
            throw new UnsupportedOperationException(type.getName() + ": there is BasicFileAttributes only");
        }
        return type.cast(p.getFileSystem().attributes(p));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        BlobPath p = BlobPath.of(path);
        return p.getFileSystem().attributes(p).select(attributes);
    }

    /** Times can be set, and are not kept; nothing else can. */
    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        BlobPath p = BlobPath.of(path);
        String name = BlobAttributes.withoutView(attribute);
        if (!Set.of("lastModifiedTime", "lastAccessTime", "creationTime").contains(name)) {
            throw new IllegalArgumentException("attribute '" + attribute + "' cannot be set");
        }
        new BlobAttributeView(p).setTimes((FileTime) value, null, null);
    }
}
