package dev.koine.follower;

import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.nio.file.Files;
import java.nio.file.Path;

/** Versions that are a text. */
final class Texts {
    private Texts() {}

    /** Writes a version whose text says its number. */
    static ModelUpdate update(Path directory, long version) throws Exception {
        return update(directory, version, "version " + version);
    }

    static ModelUpdate update(Path directory, long version, String text) throws Exception {
        Path files = Files.createDirectories(directory.resolve("store").resolve(version + text.replace(' ', '-')));
        Files.writeString(files.resolve("model.txt"), text);
        Files.writeString(Files.createDirectories(files.resolve("more")).resolve("side.txt"), text + ", too");
        return Updates.of("texts", version, files);
    }

    static Path files(ModelUpdate update) {
        return Path.of(java.net.URI.create(update.getBundle().getUri()));
    }

    static String read(Path folder) throws Exception {
        return Files.readString(folder.resolve("current").resolve("model.txt"));
    }
}
