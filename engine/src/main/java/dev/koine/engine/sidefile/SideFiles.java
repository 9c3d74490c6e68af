package dev.koine.engine.sidefile;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Compares the side files of base and expert that give inputs and outputs their meaning. A merged model keeps the base's side files, so an
 * expert whose token 7 is another letter would be merged into something that nobody can read.
 *
 * <p>A file that only one of them has is no difference: pipelines export graphs alone. Of files that both have, only what has a meaning is
 * compared ({@link Contents}), and what the expert says must not contradict the base, nor give a meaning to a token that has none there.
 */
public final class SideFiles {
    private static final int LONGEST_QUOTE = 80;

    private SideFiles() {}

    /**
     * Refuses an expert whose side files contradict the base's.
     *
     * @param baseFiles files of {@code base}, relative with forward slashes
     * @param expertFiles likewise
     * @throws RejectedException SIDE_FILE_MISMATCH with the file, the first entry that differs, and both values
     * @throws IOException if a file cannot be read
     */
    public static void requireSameMeaning(Path base, List<String> baseFiles, Path expert, List<String> expertFiles)
            throws RejectedException, IOException {
        Set<String> theirs = new HashSet<>(expertFiles);
        for (String file : baseFiles) {
            Optional<Contents> contents = Contents.of(file);
            if (contents.isPresent() && theirs.contains(file)) {
                Path left = base.resolve(file);
                Path right = expert.resolve(file);
                long differsAt = Files.mismatch(left, right);
                if (differsAt >= 0) {
                    compare(file, contents.get(), left, right, differsAt);
                }
            }
        }
    }

    private static void compare(String file, Contents contents, Path base, Path expert, long differsAt)
            throws RejectedException, IOException {
        Optional<Facts> ours = contents.read(base);
        Optional<Facts> theirs = contents.read(expert);
        Optional<String> difference = ours.isPresent() && theirs.isPresent()
                ? ours.get().contradiction(theirs.get())
                : Optional.of("they differ from byte " + differsAt + " on" + contents.whyUnread());
        if (difference.isPresent()) {
            throw new RejectedException(
                    RejectionCode.SIDE_FILE_MISMATCH,
                    "The file '" + quote(file) + "' says something else in the expert than in the base: "
                            + difference.get() + ". The merged model keeps the base's file. Fine-tune with the base's '"
                            + quote(file)
                            + "'; if the expert was, and its file was only saved anew, put the base's file in its place.");
        }
    }

    /** Text out of a file as it stands in a message: short, without control characters. */
    static String quote(String text) {
        StringBuilder clean = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), LONGEST_QUOTE); i++) {
            char c = text.charAt(i);
            clean.append(Character.isISOControl(c) ? '?' : c);
        }
        return clean + (text.length() > LONGEST_QUOTE ? "..." : "");
    }
}
