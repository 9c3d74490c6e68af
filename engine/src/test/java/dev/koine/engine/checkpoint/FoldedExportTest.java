package dev.koine.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.export.CheckpointExport;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the exporter joined, scaled and transposed is taken apart again. */
class FoldedExportTest {
    @TempDir
    Path directory;

    private final FoldedModel model = new FoldedModel(1);
    private MappedBase mapped;
    private Path out;

    @BeforeEach
    void map() throws Exception {
        mapped = MappedBase.map(
                ModelBundle.open(model.export(directory.resolve("base"))),
                ExpertFolder.open(model.checkpoint(directory.resolve("checkpoint"))),
                WorkPool.inCaller());
        out = Files.createDirectory(directory.resolve("out"));
    }

    private CheckpointExport.Written export(FoldedModel version) throws Exception {
        Path folder = version.export(directory.resolve("version"));
        return new CheckpointExport(mapped, Progress.NONE).write(ModelBundle.open(folder), out);
    }

    private float[] exported(String name) throws Exception {
        Checkpoint checkpoint = Checkpoint.open(out, ExpertFolder.open(out).files());
        TensorInfo tensor = Objects.requireNonNull(checkpoint.tensors().get(name), name);
        try (TensorReader reader = TensorReader.open(tensor)) {
            float[] values = new float[(int) reader.numel()];
            reader.read(0, values, 0, values.length);
            return values;
        }
    }

    @Test
    void theBaseComesOutBitForBit() throws Exception {
        assertThat(export(model).changed()).isZero();
        for (String name : model.tensors.keySet()) {
            assertThat(exported(name)).as(name).isEqualTo(model.tensor(name));
        }
    }

    @Test
    void partsOfAWeightComeOutByThemselvesAndWithoutTheExportersFactor() throws Exception {
        FoldedModel tuned = model.tuned(7, "attn.q.weight", "attn.k.weight", "attn.out.weight", "position");
        assertThat(export(tuned).changed()).isEqualTo(4);
        for (String name : model.tensors.keySet()) {
            if (!name.equals("attn.q.weight")) {
                assertThat(exported(name)).as(name).isEqualTo(tuned.tensor(name));
            }
        }
        assertThat(exported("attn.q.weight"))
                .isNotEqualTo(model.tensor("attn.q.weight"))
                .containsExactly(tuned.tensor("attn.q.weight"), within(1e-6f));
    }

    @Test
    void whatTheMapCannotTellApartOrDoesNotKnowIsRefused() throws Exception {
        assertRefused(
                model.with("attn.out.bias", 0, 0, 1, 0, 0, 0),
                RejectionCode.GRAPH_MISMATCH,
                "'attn.mlp.bias', or are not told apart");
        assertRefused(
                model.tuned(7, "attn.v.bias"),
                RejectionCode.CHECKPOINT_MISMATCH,
                "changes the weight 'model.onnx/val_2'");
    }

    private void assertRefused(FoldedModel version, RejectionCode code, String named) {
        assertThatThrownBy(() -> export(version))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(code))
                .hasMessageContaining(named);
    }
}
