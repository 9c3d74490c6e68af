package dev.koine.cli.following;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.export.CardFile;
import dev.koine.cli.export.ExportFormat;
import dev.koine.cli.export.ExportWords;
import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.AdapterExport;
import dev.koine.engine.export.CheckpointExport;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.follower.Form;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** A version as {@code koine export} writes it, with its card. */
final class ExportedForm implements Form {
    private final Kind kind;
    private final BaseSource bases;
    private final FirstVersion first;
    private final PrintWriter out;

    /**
     * What is to be written.
     *
     * @param rank of an adapter
     * @param baseModel the base on the Hub; null if it is not known
     */
    record Kind(ExportFormat format, int rank, @Nullable String baseModel) {
        /** In a few words: what lies in a folder has to be of one. */
        String words() {
            String word = format.name().toLowerCase(Locale.ROOT);
            return format == ExportFormat.PEFT ? word + " of rank " + rank : word;
        }
    }

    /** Finds version 0 of the model, which the card compares with; empty where the topic no longer has it. */
    @FunctionalInterface
    interface FirstVersion {
        Optional<ModelUpdate> find() throws RejectedException, IOException;
    }

    /** @param out where it is told what was written, and what an adapter leaves out */
    ExportedForm(Kind kind, BaseSource bases, FirstVersion first, PrintWriter out) {
        this.kind = kind;
        this.bases = bases;
        this.first = first;
        this.out = out;
    }

    @Override
    public String name() {
        return kind.words();
    }

    @Override
    public void write(ModelUpdate update, Path files, Path target) throws RejectedException, IOException {
        Optional<ModelUpdate> zero = first();
        MappedBase base = bases.of(update);
        ModelBundle version = ModelBundle.open(files);
        if (kind.format() == ExportFormat.HF) {
            CheckpointExport.Written written = new CheckpointExport(base, Progress.NONE).write(version, target);
            begin(update);
            ExportWords.tell(written, target, out, out);
        } else {
            AdapterExport.Written written = adapter(base, version, target);
            begin(update);
            ExportWords.tell(written, target, out);
        }
        out.flush();
        CardFile.write(target, update, zero.orElse(null), kind.baseModel());
    }

    private void begin(ModelUpdate update) {
        out.printf("Version %d of %s as %s: ", update.getVersion(), update.getModelId(), name());
    }

    private AdapterExport.Written adapter(MappedBase base, ModelBundle version, Path target)
            throws RejectedException, IOException {
        try (WorkPool pool = new WorkPool(Runtime.getRuntime().availableProcessors());
                DeviceDecomposition decomposition = DeviceDecomposition.open(Device.CPU)) {
            return new AdapterExport(base, kind.baseModel(), pool, Progress.NONE)
                    .write(version, kind.rank(), decomposition, target);
        }
    }

    private Optional<ModelUpdate> first() throws RejectedException, IOException {
        try {
            return first.find();
        } catch (KafkaException e) {
            throw new IOException("The broker does not tell of version 0: " + e.getMessage(), e);
        }
    }
}
