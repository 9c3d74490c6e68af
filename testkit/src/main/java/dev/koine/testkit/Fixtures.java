package dev.koine.testkit;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The committed speech models, and what they merge to. */
public final class Fixtures {
    public static final Path ROOT =
            Path.of("..", "eval", "fixtures").toAbsolutePath().normalize();

    /** Base, experts and held-out speech of the one-file CTC encoder. */
    public static final Path CTC = ROOT.resolve("ctc");

    private Fixtures() {}

    public static Path ctc(String name) {
        return CTC.resolve(name);
    }

    public static Path whisper(String name) {
        return ROOT.resolve("whisper").resolve(name);
    }

    /**
     * The digest of the CTC base with these experts inside, merged without Kafka or Flink.
     *
     * @param directory for what that takes
     */
    public static String mergedOffline(Path directory, String... experts) throws Exception {
        return mergedOffline(directory, Recipe.PUBLISHED, experts);
    }

    /** As {@link #mergedOffline(Path, String...)}, with another recipe. */
    public static String mergedOffline(Path directory, Recipe recipe, String... experts) throws Exception {
        return mergedOffline(
                directory,
                ctc("base"),
                null,
                recipe,
                Stream.of(experts).map(Fixtures::ctc).toList());
    }

    /**
     * The digest of a base with these experts inside.
     *
     * @param checkpoint that the base was exported from; null where every expert is an export
     */
    public static String mergedOffline(
            Path directory, Path base, @Nullable Path checkpoint, Recipe recipe, List<Path> experts) throws Exception {
        Path scratch = Files.createTempDirectory(directory, "offline");
        Path target = Files.createDirectory(scratch.resolve("merged"));
        ModelBundle model = ModelBundle.open(base);
        try (WorkPool pool = new WorkPool(1)) {
            @Nullable
            MappedBase mapped = checkpoint == null ? null : MappedBase.map(model, ExpertFolder.open(checkpoint), pool);
            new OfflineMerge(model, mapped, recipe, Lanczos::truncate, pool, Progress.NONE)
                    .merge(
                            experts.stream()
                                    .map(expert -> new OfflineMerge.Expert(expert, 1))
                                    .toList(),
                            target);
        }
        return Bundle.describe(target).digest();
    }
}
