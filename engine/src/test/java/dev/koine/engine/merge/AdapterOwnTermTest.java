package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Progress;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.AdapterExport;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.own.OwnTerm;
import dev.koine.engine.own.OwnTermMaker;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class AdapterOwnTermTest {
    private static final Recipe ANY = Recipe.DEFAULT;

    /** Whatever rank is asked for: to decompose it again could only lose something. */
    @Property(tries = 15)
    void anAdaptersOwnTermIsTheAdapterAndGivesItBack(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random, 6 + random.nextInt(8), 6 + random.nextInt(14), 2, ElementType.FLOAT);
        TestAdapter adapter = TestAdapter.random(base, random);
        try (MergeLab lab = new MergeLab(base, ANY)) {
            ExpertFolder checkpoint =
                    ExpertFolder.open(TestCheckpoint.write(base, lab.directory.resolve("checkpoint")));
            MappedBase mapped = MappedBase.map(lab.base, checkpoint, lab.pool);
            Path written = adapter.write(lab.directory.resolve("adapter"));
            Path merged = TestCheckpoint.write(adapter.merged, lab.directory.resolve("merged-adapter"));
            List<Block> blocks = new OwnTermMaker(1, Precision.FLOAT32, lab.pool, Progress.NONE)
                    .make(ExpertFolder.open(written).align(lab.base, mapped));
            List<Block> whole = new OwnTermMaker(1000, Precision.FLOAT32, lab.pool, Progress.NONE)
                    .make(ExpertFolder.open(merged).align(lab.base, mapped));
            assertThat(blocks).isNotEmpty();
            for (Block block : blocks) {
                Block other = whole.stream()
                        .filter(one -> one.weights().equals(block.weights()))
                        .findFirst()
                        .orElseThrow();
                float[] ours = new float[block.values().numel()];
                float[] theirs = new float[ours.length];
                block.values().read(0, ours.length, ours, 0);
                other.values().read(0, theirs.length, theirs, 0);
                for (int i = 0; i < ours.length; i++) {
                    assertThat(ours[i]).isCloseTo(theirs[i], within(1e-5f));
                }
            }
            Path term = lab.directory.resolve("term");
            OwnTerm.write(term, blocks, lab.baseDigest);
            Path out = Files.createDirectory(lab.directory.resolve("exported"));
            AdapterExport.Written exported =
                    new AdapterExport(mapped, null, lab.pool, Progress.NONE).write(List.of(term), out);
            assertThat(exported.layers()).isPositive();
            assertThat(out.resolve("adapter_model.safetensors")).isRegularFile();
        }
    }
}
