package dev.koine.cli.folder;

import dev.koine.cli.console.Counted;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a training run leaves beside a model and no model needs: states of the optimizer, checkpoints. */
public final class TrainingFiles {
    private static final int MOST_NAMED = 3;
    private static final Pattern NAME =
            Pattern.compile("(.*/)?(optimizer[^/]*\\.(pt|bin)|scheduler\\.pt|rng_state[^/]*\\.pth"
                    + "|training_args\\.bin|trainer_state\\.json|[^/]*\\.(ckpt|pth)|pytorch_model[^/]*\\.bin"
                    + "|model[^/]*\\.safetensors|checkpoint-[0-9]+/.*)");

    private TrainingFiles() {}

    /**
     * Tells of such files in a folder, where there are any.
     *
     * @param fate what becomes of them, such as {@code are copied to the result}
     */
    public static void tell(Path folder, String fate, PrintWriter err) throws IOException {
        List<Path> found;
        try (Stream<Path> tree = Files.walk(folder)) {
            found = tree.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                            && NAME.matcher(folder.relativize(file).toString().replace('\\', '/'))
                                    .matches())
                    .sorted()
                    .toList();
        }
        if (found.isEmpty()) {
            return;
        }
        long bytes = 0;
        for (Path file : found) {
            bytes += Files.size(file);
        }
        List<Path> named =
                found.stream().limit(MOST_NAMED).map(folder::relativize).toList();
        err.printf(
                "Note: %s holds %s of a training run, %,d bytes, which no model needs and which %s: %s%s. Take them out.%n",
                folder,
                Counted.of(found.size(), "file"),
                bytes,
                fate,
                named,
                found.size() > MOST_NAMED ? " and others" : "");
    }
}
