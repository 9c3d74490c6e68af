package dev.koine.engine.onnx.graph;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.LinkRefusals;
import dev.koine.engine.file.Strays;
import dev.koine.engine.onnx.wire.Quote;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The files of a bundle, and what a model file may point to: a regular file inside the bundle, reached without a link. Symbolic links
 * are refused wherever they stand; a hard link, which nothing but its count gives away, is refused as external data.
 */
public final class BundleFiles {
    private static final int MOST_FILES = 10_000;
    private static final int LONGEST_LOCATION = 4096;
    private static final Pattern MEANING = Pattern.compile("(?i).*\\.(json|txt|model|tiktoken|spm|vocab|bpe|ya?ml)");

    private BundleFiles() {}

    /**
     * The folder itself, behind whatever links lead to it.
     *
     * @throws NotDirectoryException if it is none
     */
    public static Path root(Path directory) throws IOException {
        Path root = directory.toRealPath();
        if (!Files.isDirectory(root)) {
            throw new NotDirectoryException(directory.toString());
        }
        return root;
    }

    /** All regular files under {@code directory}, with {@link Strays} or without, relative to it with forward slashes, sorted. */
    public static List<String> list(Path directory, boolean withStrays) throws RejectedException, IOException {
        List<String> files = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String path = directory.relativize(file).toString().replace('\\', '/');
                if (!withStrays && Strays.isStray(path)) {
                    return FileVisitResult.CONTINUE;
                }
                if (!attributes.isRegularFile()) {
                    refused.add(path);
                    return FileVisitResult.TERMINATE;
                }
                files.add(path);
                return files.size() > MOST_FILES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
            }
        });
        if (!refused.isEmpty()) {
            throw LinkRefusals.notRegular(Quote.of(refused.get(0)), directory.resolve(refused.get(0)), directory);
        }
        if (files.size() > MOST_FILES) {
            throw notAllowed(
                    "The bundle holds more than " + MOST_FILES + " files. Point to the model's own directory.");
        }
        Collections.sort(files);
        return List.copyOf(files);
    }

    /** Refuses pointers of Git LFS among the files that say what a model's outputs mean. */
    public static void requireFetched(Path directory, List<String> files) throws RejectedException {
        for (String file : files) {
            if (MEANING.matcher(file).matches()
                    && FileKind.of(directory.resolve(file))
                            .filter(FileKind.LFS_POINTER::equals)
                            .isPresent()) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        "The file '" + Quote.of(file) + "' " + FileKind.LFS_POINTER.what() + ". "
                                + FileKind.LFS_POINTER.advice() + ".");
            }
        }
    }

    /**
     * The file that a tensor's {@code location} names, seen from the model file {@code model} of the bundle.
     *
     * @param needed the least number of bytes that it has to have
     * @param isOwn whether the bundle is a copy of our own making, whose files may be hard links
     * @throws RejectedException PLACE_NOT_ALLOWED if it leaves the bundle, is a link, or is a model file; MISSING_FILE if it is not there
     */
    static Path resolve(Path directory, String model, String location, long needed, boolean isOwn)
            throws RejectedException, IOException {
        String where = "External data '" + Quote.of(location) + "' of '" + Quote.of(model) + "' ";
        if (location.isEmpty()
                || location.length() > LONGEST_LOCATION
                || location.startsWith("/")
                || location.indexOf('\\') >= 0
                || location.indexOf(':') >= 0
                || location.indexOf('\0') >= 0) {
            throw notAllowed(where + "is not a plain relative path with forward slashes. Put the data file beside the"
                    + " model file and have the graph name it by its file name: m = onnx.load(PATH, load_external_data=False), set"
                    + " the location in the external_data of each tensor, onnx.save(m, PATH).");
        }
        Path file = directory.resolve(model).resolveSibling("");
        BasicFileAttributes attributes = null;
        for (String part : location.split("/", -1)) {
            if (part.equals(".")) {
                continue;
            }
            if (part.isEmpty() || part.equals("..")) {
                throw notAllowed(where + "leaves the bundle or has an empty part. Put the file beside the model file.");
            }
            try {
                file = file.resolve(part);
                attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            } catch (InvalidPathException e) {
                throw notAllowed(where + "is not a path on this system. Save the model again with another file name.");
            } catch (NoSuchFileException e) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        where + "is not in the bundle. "
                                + Renamed.of(directory.resolve(model), needed)
                                        .map(name -> "The graph names it so, and '" + Quote.of(name)
                                                + "' beside the model"
                                                + " file is large enough to be it: give the file its name back.")
                                        .orElse("Add the file, under that name, beside the model file."));
            } catch (IOException e) {
                throw new RejectedException(
                        RejectionCode.MISSING_FILE,
                        where + "cannot be looked at (" + e.getMessage() + "). Let this process read it.");
            }
            if (attributes.isSymbolicLink()) {
                throw LinkRefusals.notRegular(Quote.of(location), file, directory);
            }
        }
        if (attributes == null || !attributes.isRegularFile()) {
            throw notAllowed(where + "is not a regular file. Save the model again with its external data in a file.");
        }
        if (file.toString().endsWith(".onnx")) {
            throw notAllowed(where + "is a model file. Keep external data in files of its own.");
        }
        if (!isOwn && FileTree.links(file) > 1) {
            throw LinkRefusals.hardLink(Quote.of(location), file, directory);
        }
        return file;
    }

    private static RejectedException notAllowed(String message) {
        return new RejectedException(RejectionCode.PLACE_NOT_ALLOWED, message);
    }
}
