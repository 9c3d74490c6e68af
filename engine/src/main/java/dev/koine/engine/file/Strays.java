package dev.koine.engine.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files that tools leave in every folder they touch, and that belong to no model: macOS ({@code ._*}, {@code .DS_Store}, {@code __MACOSX}),
 * Windows ({@code Thumbs.db}, {@code desktop.ini}), Jupyter ({@code .ipynb_checkpoints}), Git ({@code .git}) and the Hugging Face client
 * ({@code .cache/huggingface}). Who makes a bundle of a user's folder passes over them; in a bundle that somebody has listed they are files
 * like any other.
 */
public final class Strays {
    private static final Pattern PATH = Pattern.compile("(?:.*/)?(?:\\._[^/]*|\\.DS_Store|Thumbs\\.db|desktop\\.ini"
            + "|(?:__MACOSX|\\.ipynb_checkpoints|\\.git|\\.cache/huggingface)(?:/.*)?)");

    private Strays() {}

    /** Whether a path, relative to the folder and with forward slashes, is that of such a file. */
    public static boolean isStray(String path) {
        return PATH.matcher(path).matches();
    }

    /** Those in a folder, relative to it with forward slashes, sorted. */
    public static List<String> in(Path folder) throws IOException {
        try (Stream<Path> tree = Files.walk(folder)) {
            return tree.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> relative(folder, path))
                    .filter(Strays::isStray)
                    .sorted()
                    .toList();
        }
    }

    public static String relative(Path folder, Path file) {
        return folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    }
}
