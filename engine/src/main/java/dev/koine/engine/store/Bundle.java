package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.SideBySide;
import dev.koine.engine.file.Strays;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * The files of one model under one place.
 *
 * @param uri the folder that holds the files, such as {@code file:///models/whisper-de/}
 * @param files ordered by path, each path once
 */
@API(status = API.Status.MAINTAINED)
public record Bundle(URI uri, List<BundleFile> files) {
    private static final int MOST_FILES = 4096;
    private static final Pattern LINE = Pattern.compile("([0-9a-f]{64})  ([0-9]{1,18})  (.*)");
    /** The digest of a file that is not hashed. */
    public static final String UNKNOWN = "0".repeat(64);

    private static final long MOST_BYTES = 256L << 30;

    /** Sorts the files by path. What an event said is to be taken in with {@link #of}, which checks it. */
    public Bundle {
        files = files.stream().sorted(Comparator.comparing(BundleFile::path)).toList();
    }

    /**
     * A bundle as an event describes it.
     *
     * @throws RejectedException INVALID_EVENT if the URI or a path, size or digest cannot be what it stands for, TOO_LARGE for over
     *     4096 files or 256 GiB
     */
    public static Bundle of(String uri, List<BundleFile> files) throws RejectedException {
        if (files.size() > MOST_FILES) {
            throw tooLarge("lists " + files.size() + " files, and " + MOST_FILES
                    + " are the most, in an event about 3,000 with names of ordinary length");
        }
        long bytes = 0;
        for (BundleFile file : files) {
            file.check();
            bytes += Math.min(file.size(), MOST_BYTES + 1);
        }
        if (bytes > MOST_BYTES) {
            throw tooLarge("lists more than " + MOST_BYTES + " bytes, which are the most");
        }
        Bundle bundle;
        try {
            bundle = new Bundle(URI.create(uri), files);
        } catch (IllegalArgumentException e) {
            throw invalid("The bundle's place '" + uri + "' is not a URI. Write it like file:///models/whisper-de/.");
        }
        bundle.checkPaths();
        return bundle;
    }

    /**
     * The regular files under a directory, hashed.
     *
     * @throws RejectedException PLACE_NOT_ALLOWED for a symbolic link or anything else that is neither file nor directory,
     *     MISSING_FILE if there is no file at all, INVALID_EVENT for a file name that a bundle cannot carry
     * @throws IOException if the directory cannot be read
     */
    public static Bundle describe(Path directory) throws IOException, RejectedException {
        return describe(directory, Runnable::run);
    }

    /**
     * As {@link #describe(Path)}, with the files hashed side by side.
     *
     * @param executor runs what hashes a file
     */
    public static Bundle describe(Path directory, Executor executor) throws IOException, RejectedException {
        return hashed(list(directory, true), directory, executor);
    }

    /**
     * As {@link #describe(Path)}, without the {@link Strays}: what becomes a bundle of a folder that a user names.
     *
     * @throws RejectedException as {@link #describe(Path)}
     */
    public static Bundle describeWithoutStrays(Path directory) throws IOException, RejectedException {
        return hashed(listWithoutStrays(directory), directory, Runnable::run);
    }

    /**
     * Files that lie anywhere, hashed, as a bundle.
     *
     * @param files by their path in the bundle; no link is followed
     * @throws RejectedException as {@link #describe(Path)}
     */
    public static Bundle describe(URI place, Map<String, Path> files) throws IOException, RejectedException {
        return hashed(list(place, files), files::get, Runnable::run);
    }

    private static Bundle hashed(Bundle listed, Path directory, Executor executor)
            throws IOException, RejectedException {
        Path root = directory.toAbsolutePath().normalize();
        return hashed(listed, root::resolve, executor);
    }

    private static Bundle hashed(Bundle listed, Function<String, Path> place, Executor executor)
            throws IOException, RejectedException {
        SideBySide<String> digests = new SideBySide<>(executor);
        for (BundleFile file : listed.files) {
            digests.begin(() -> Sha256.of(place.apply(file.path())));
        }
        List<String> hashed = digests.await();
        List<BundleFile> files = new ArrayList<>();
        for (BundleFile file : listed.files) {
            files.add(new BundleFile(file.path(), Files.size(place.apply(file.path())), hashed.get(files.size())));
        }
        return of(listed.uri.toString(), files);
    }

    /**
     * The files of {@link #describeWithoutStrays} with the digest {@link #UNKNOWN}, which is as long as any: what is wrong with the list
     * can be told before a byte is hashed.
     *
     * @throws RejectedException as {@link #describe(Path)}
     */
    public static Bundle listWithoutStrays(Path directory) throws IOException, RejectedException {
        return list(directory, false);
    }

    /**
     * The files of {@link #describe(URI, Map)} with the digest {@link #UNKNOWN}.
     *
     * @throws RejectedException as {@link #describe(Path)}
     */
    public static Bundle list(URI place, Map<String, Path> files) throws IOException, RejectedException {
        List<BundleFile> listed = new ArrayList<>();
        for (Map.Entry<String, Path> file : files.entrySet()) {
            listed.add(new BundleFile(file.getKey(), Files.size(file.getValue()), UNKNOWN));
        }
        return of(place.toString(), listed);
    }

    private static Bundle list(Path directory, boolean withStrays) throws IOException, RejectedException {
        Path root = directory.toAbsolutePath().normalize();
        List<Path> found;
        try (Stream<Path> tree = Files.walk(root)) {
            found = tree.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .filter(path -> withStrays || !Strays.isStray(Strays.relative(root, path)))
                    .toList();
        }
        List<BundleFile> files = new ArrayList<>();
        for (Path file : found) {
            String path = Strays.relative(root, file);
            LocalBundles.requireRegular(path, file, root);
            files.add(new BundleFile(path, Files.size(file), UNKNOWN));
        }
        if (files.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "There is no file in " + root + ". Name the folder that holds the model.");
        }
        return of(root.toUri().toString(), files);
    }

    /**
     * Reads a {@link #listing} back.
     *
     * @throws RejectedException INVALID_EVENT if it is none, TOO_LARGE as in {@link #of}
     */
    public static Bundle ofListing(URI uri, String listing) throws RejectedException {
        List<BundleFile> files = new ArrayList<>();
        for (String line : listing.lines().toList()) {
            Matcher parts = LINE.matcher(line);
            if (!parts.matches()) {
                throw invalid("Not a line of a bundle's listing: " + line);
            }
            files.add(new BundleFile(parts.group(3), Long.parseLong(parts.group(2)), parts.group(1)));
        }
        return of(uri.toString(), files);
    }

    /** All files in one text: a line {@code <sha256>  <size>  <path>\n} each, ordered by path. */
    public String listing() {
        StringBuilder listing = new StringBuilder();
        for (BundleFile file : files) {
            listing.append(file.sha256())
                    .append("  ")
                    .append(file.size())
                    .append("  ")
                    .append(file.path())
                    .append('\n');
        }
        return listing.toString();
    }

    /** Identifies the contents: {@code sha256:} and the SHA-256 of the {@link #listing}. Where the bundle lies does not matter. */
    public String digest() {
        return Sha256.PREFIX + Sha256.of(listing().getBytes(StandardCharsets.UTF_8));
    }

    /** The sum of all sizes, in bytes. */
    public long bytes() {
        return files.stream().mapToLong(BundleFile::size).sum();
    }

    /** Whether the place is a {@code file:} URI. */
    public boolean isLocal() {
        return "file".equals(uri.getScheme());
    }

    /**
     * The directory of a {@code file:} URI.
     *
     * @throws RejectedException PLACE_NOT_ALLOWED for any other URI
     */
    public Path directory() throws RejectedException {
        String authority = uri.getRawAuthority();
        if (!isLocal() || uri.isOpaque() || authority != null) {
            throw notLocal();
        }
        try {
            return Path.of(uri).normalize();
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw notLocal();
        }
    }

    private RejectedException notLocal() {
        return new RejectedException(
                RejectionCode.PLACE_NOT_ALLOWED,
                "The bundle's place '" + uri + "' is not a folder on a file system that is mounted here. "
                        + "Put the files where this process can read them and write the place like file:///models/x/.");
    }

    private static RejectedException tooLarge(String what) {
        return new RejectedException(
                RejectionCode.TOO_LARGE, "The bundle " + what + ". Leave out what does not belong to the model.");
    }

    private void checkPaths() throws RejectedException {
        if (files.isEmpty()) {
            throw invalid("The bundle at " + uri + " lists no file. List each file with its path, size and SHA-256.");
        }
        for (int i = 1; i < files.size(); i++) {
            if (files.get(i).path().equals(files.get(i - 1).path())) {
                throw invalid("The bundle lists the file '" + files.get(i).path() + "' twice. List each file once.");
            }
        }
    }

    private static RejectedException invalid(String message) {
        return new RejectedException(RejectionCode.INVALID_EVENT, message);
    }
}
