package dev.koine.engine.store;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.LinkRefusals;
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
        Path place = require(file, directory);
        requireOneName(file.path(), place, directory);
        return Files.newInputStream(place, LinkOption.NOFOLLOW_LINKS);
    }

    /** A file in a folder of our own making, which may have other names. */
    static InputStream openOwn(Path directory, BundleFile file) throws IOException, RejectedException {
        return Files.newInputStream(require(file, directory), LinkOption.NOFOLLOW_LINKS);
    }

    /** Requires a regular file with one name. */
    static void requireRegular(String path, Path file, Path folder) throws IOException, RejectedException {
        BasicFileAttributes attributes =
                Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw LinkRefusals.notRegular(path, file, folder);
        }
        requireOneName(path, file, folder);
    }

    private static void requireOneName(String path, Path file, Path folder) throws IOException, RejectedException {
        if (FileTree.links(file) > 1) {
            throw LinkRefusals.hardLink(path, file, folder);
        }
    }

    private static Path require(BundleFile file, Path directory) throws IOException, RejectedException {
        file.check();
        Path place = directory;
        for (String part : file.path().split("/", -1)) {
            if (!place.equals(directory) && Files.isSymbolicLink(place)) {
                throw LinkRefusals.notRegular(file.path(), place, directory);
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
            throw LinkRefusals.notRegular(file.path(), place, directory);
        }
        if (attributes.size() != file.size()) {
            throw file.wrongSize(attributes.size());
        }
        return place;
    }
}
