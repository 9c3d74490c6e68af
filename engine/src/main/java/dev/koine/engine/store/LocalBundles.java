package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Bundles in directories of this machine. Links, symbolic and hard, are refused, so that no bundle reaches out of its place. */
final class LocalBundles implements BundleSource {

    @Override
    public InputStream open(Bundle bundle, BundleFile file) throws IOException, RejectedException {
        return open(bundle.directory(), file);
    }

    static InputStream open(Path directory, BundleFile file) throws IOException, RejectedException {
        return Files.newInputStream(require(file, directory), LinkOption.NOFOLLOW_LINKS);
    }

    /** Requires a regular file with one name. */
    static void requireRegular(String path, Path file) throws IOException, RejectedException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw notRegular(path, file);
        }
        requireOneName(path, file);
    }

    private static void requireOneName(String path, Path file) throws IOException, RejectedException {
        if (FileTree.links(file) > 1) {
            throw new RejectedException(
                    RejectionCode.PLACE_NOT_ALLOWED,
                    "'" + path + "' at " + file + " is a hard link: the same file has another name elsewhere."
                            + " Put a copy there: bundles must not reach out of their folder.");
        }
    }

    private static Path require(BundleFile file, Path directory) throws IOException, RejectedException {
        file.check();
        Path place = directory;
        for (String part : file.path().split("/", -1)) {
            if (!place.equals(directory) && Files.isSymbolicLink(place)) {
                throw notRegular(file.path(), place);
            }
            place = place.resolve(part);
        }
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw file.missing(place.toString());
        }
        if (!attributes.isRegularFile()) {
            throw notRegular(file.path(), place);
        }
        requireOneName(file.path(), place);
        if (attributes.size() != file.size()) {
            throw file.wrongSize(attributes.size());
        }
        return place;
    }

    private static RejectedException notRegular(String path, Path place) {
        return new RejectedException(
                RejectionCode.PLACE_NOT_ALLOWED,
                "'" + path + "' leads over " + place
                        + ", which is a link or no regular file. Put the file itself there: bundles must not reach out of "
                        + "their folder.");
    }
}
