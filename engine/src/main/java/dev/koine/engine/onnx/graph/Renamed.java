package dev.koine.engine.onnx.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** External data whose file was renamed, mostly together with its model: the graph still has the old name. */
final class Renamed {
    private static final Pattern DATA = Pattern.compile("(?i).*(data|weights?|bin)");

    private Renamed() {}

    /**
     * The one file beside a model that may hold its data: it is called after the model, or as external data mostly is, and is large enough.
     *
     * @return its name; empty if there is none, or several that are not called after the model
     */
    static Optional<String> of(Path model, long bytes) throws IOException {
        String stem = Objects.requireNonNull(model.getFileName())
                .toString()
                .replaceFirst("\\.onnx$", "")
                .toLowerCase(Locale.ROOT);
        List<String> found;
        try (Stream<Path> beside = Files.list(Objects.requireNonNull(model.getParent()))) {
            found = beside.filter(file -> isDataOf(file, bytes))
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
        List<String> called = found.stream()
                .filter(name -> name.toLowerCase(Locale.ROOT).startsWith(stem))
                .toList();
        List<String> best = called.isEmpty() ? found : called;
        return best.size() == 1 ? Optional.of(best.get(0)) : Optional.empty();
    }

    private static boolean isDataOf(Path file, long bytes) {
        try {
            return DATA.matcher(file.getFileName().toString()).matches()
                    && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && Files.size(file) >= bytes;
        } catch (IOException unreadable) {
            return false;
        }
    }
}
