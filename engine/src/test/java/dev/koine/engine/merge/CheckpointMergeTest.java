package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.method.Ties;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class CheckpointMergeTest {
    private static final Recipe LORS = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    @Property(tries = 25)
    void aCheckpointGivesTheVersionThatItsExportGives(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        Recipe recipe =
                switch (random.nextInt(3)) {
                    case 0 -> LORS;
                    case 1 -> LORS.with(Scale.of(Scaling.NORM, 0.4));
                    default -> LORS.with(new Ties()).with(Scale.of(Scaling.NORM, 0.4));
                };
        try (MergeLab lab = new MergeLab(base, recipe)) {
            MappedBase mapped =
                    mapped(lab, TestCheckpoint.writeShards(base, lab.directory.resolve("checkpoint"), random));
            TestModel one = tuned(base, random);
            TestModel two = tuned(base, random);
            Path ofExports = lab.merge(List.of(expert(lab.write(one), 1), expert(lab.write(two), 0.5)));

            Path first = TestCheckpoint.writeShards(one, lab.directory.resolve("one"), random);
            Path second = TestCheckpoint.write(two, lab.directory.resolve("two"));
            Path ofCheckpoints = Files.createDirectory(lab.directory.resolve("merged-checkpoints"));
            offline(lab, mapped).merge(List.of(expert(first, 1), expert(second, 0.5)), ofCheckpoints);
            assertThat(digest(ofCheckpoints)).isEqualTo(digest(ofExports));
        }
    }

    @Test
    void aCheckpointAndAnExportOfAnotherExpertAreMergedAlike() throws Exception {
        Random random = new Random(5);
        TestModel base = TestModel.random(random, 8, 12, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            MappedBase mapped = mapped(lab, TestCheckpoint.write(base, lab.directory.resolve("checkpoint")));
            TestModel one = tuned(base, random);
            Path export = lab.write(tuned(base, random));
            Path ofExports = lab.merge(List.of(expert(lab.write(one), 1), expert(export, 1)));
            Path mixed = Files.createDirectory(lab.directory.resolve("mixed"));
            Path checkpoint = TestCheckpoint.write(one, lab.directory.resolve("one"));
            offline(lab, mapped).merge(List.of(expert(checkpoint, 1), expert(export, 1)), mixed);
            assertThat(digest(mixed)).isEqualTo(digest(ofExports));
        }
    }

    /** A fine-tune, which leaves the constants of the graph as they are. */
    private static TestModel tuned(TestModel base, Random random) {
        return base.tuned(random).with("mask", base.tensor("mask").values());
    }

    static MappedBase mapped(MergeLab lab, Path checkpoint) throws Exception {
        return MappedBase.map(lab.base, ExpertFolder.open(checkpoint), lab.pool);
    }

    static OfflineMerge offline(MergeLab lab, MappedBase mapped) {
        return new OfflineMerge(lab.base, mapped, lab.recipe, Lanczos::truncate, lab.pool, Progress.NONE);
    }

    static OfflineMerge.Expert expert(Path folder, double factor) {
        return new OfflineMerge.Expert(folder, factor);
    }

    private static String digest(Path folder) throws Exception {
        return Bundle.describe(folder).digest();
    }
}
