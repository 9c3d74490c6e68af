package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.TroubleHereException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a {@link Form} makes of a version, known again by a seal: the digest of the announced bundle, and that of what was written, a line each. */
final class WrittenContents implements Contents {
    private static final Logger LOG = LoggerFactory.getLogger(WrittenContents.class);
    private static final String NEXT = ".next";

    private final Form form;
    private final Path seals;

    /** @param seals a folder for them, on the disk of the versions */
    WrittenContents(Form form, Path seals) {
        this.form = form;
        this.seals = seals;
    }

    @Override
    public String name() {
        return form.name();
    }

    @Override
    public void write(ModelUpdate update, Path files, Path made, String name) throws RejectedException, IOException {
        try {
            form.write(update, files, made);
        } catch (IOException e) {
            throw new TroubleHereException(
                    "Version " + update.getVersion() + " cannot be written as " + name() + " now: " + sentence(e), e);
        }
        for (Path file : FileTree.files(made)) {
            FileTree.force(file);
        }
        DurableFiles.forceFolders(made);
        Files.createDirectories(seals);
        Path next = seals.resolve(name + NEXT);
        DurableFiles.write(next, seal(update, made).getBytes(StandardCharsets.UTF_8));
        DurableFiles.move(next, seals.resolve(name));
    }

    @Override
    public boolean isWhole(ModelUpdate update, Path directory) throws IOException {
        Path seal = seals.resolve(directory.getFileName());
        try {
            boolean isWhole = Files.exists(seal) && Files.readString(seal).equals(seal(update, directory));
            if (!isWhole) {
                LOG.warn("{} is not the version that it should be", directory);
            }
            return isWhole;
        } catch (RejectedException e) {
            LOG.warn("{} is not the version that it should be: {}", directory, e.getMessage());
            return false;
        }
    }

    @Override
    public void forget(String name) throws IOException {
        Files.deleteIfExists(seals.resolve(name));
    }

    private static String seal(ModelUpdate update, Path directory) throws IOException, RejectedException {
        return update.getDigest() + "\n" + Bundle.describe(directory).digest() + "\n";
    }

    private static String sentence(IOException e) {
        return e.getClass().getPackageName().startsWith("java.") ? e.toString() : String.valueOf(e.getMessage());
    }
}
