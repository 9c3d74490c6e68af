package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.graph.BundleFiles;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.sidefile.SideFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An expert as it lies in a folder, in whatever form pipelines have it. The form is known by what is in the folder.
 *
 * @param files relative with forward slashes, sorted
 * @param hasStrays whether files that no program put there on purpose count
 */
public record ExpertFolder(Path directory, List<String> files, boolean hasStrays) {
    public ExpertFolder {
        files = List.copyOf(files);
    }

    /** What an expert may be. */
    public enum Form {
        ONNX("an ONNX export"),
        CHECKPOINT("a safetensors checkpoint"),
        ADAPTER("a LoRA adapter");

        private final String words;

        Form(String words) {
            this.words = words;
        }

        /** With an article. */
        public String words() {
            return words;
        }
    }

    /**
     * Looks at a folder, as a bundle in the store.
     *
     * @throws RejectedException PLACE_NOT_ALLOWED if a link stands in it
     */
    public static ExpertFolder open(Path directory) throws RejectedException, IOException {
        return open(directory, true);
    }

    /** As {@link #open}, of a folder that a user names: without {@link dev.koine.engine.file.Strays}. */
    public static ExpertFolder openWithoutStrays(Path directory) throws RejectedException, IOException {
        return open(directory, false);
    }

    private static ExpertFolder open(Path directory, boolean hasStrays) throws RejectedException, IOException {
        Path root = BundleFiles.root(directory);
        return new ExpertFolder(root, BundleFiles.list(root, hasStrays), hasStrays);
    }

    /** The forms that are in the folder; the first is taken: a graph before weights alone, a whole model before a difference. */
    public List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        if (files.stream().anyMatch(file -> file.endsWith(".onnx"))) {
            forms.add(Form.ONNX);
        }
        if (Checkpoint.isIn(files)) {
            forms.add(Form.CHECKPOINT);
        }
        if (files.contains(AdapterConfig.FILE)) {
            forms.add(Form.ADAPTER);
        }
        return forms;
    }

    /** A sentence about what was taken, where the folder has several forms. */
    public Optional<String> taken() {
        List<Form> forms = forms();
        return forms.size() < 2
                ? Optional.empty()
                : Optional.of("The folder holds "
                        + String.join(" and ", forms.stream().map(Form::words).toList()) + "; "
                        + forms.get(0).words() + " is what was taken. Leave the other files out to have it otherwise.");
    }

    /**
     * Lays the expert over its base.
     *
     * @param mapped the same base with its checkpoint; null if it was registered without
     * @throws RejectedException as {@link Alignment#of} for an ONNX export; NO_CHECKPOINT if the form needs the base's checkpoint and there is
     *     none; NOT_SAFETENSORS, CHECKPOINT_MISMATCH, UNSUPPORTED_ADAPTER, TENSOR_MISMATCH, GRAPH_MISMATCH, QUANTIZED, MISSING_FILE for
     *     what may be wrong with a checkpoint or an adapter
     */
    public Alignment align(ModelBundle base, @Nullable MappedBase mapped) throws RejectedException, IOException {
        try {
            return aligned(base, mapped);
        } catch (RejectedException e) {
            Optional<String> taken = taken();
            throw taken.isEmpty() ? e : new RejectedException(e.code(), e.getMessage() + " " + taken.get());
        }
    }

    private Alignment aligned(ModelBundle base, @Nullable MappedBase mapped) throws RejectedException, IOException {
        List<Form> forms = forms();
        if (forms.isEmpty() && mapped != null && Pickles.in(files).isPresent()) {
            throw Pickles.refusal(files, "pytorch_model.bin", Checkpoint.FILE);
        }
        if (forms.isEmpty() || forms.get(0) == Form.ONNX) {
            return Alignment.of(
                    base, hasStrays ? ModelBundle.open(directory) : ModelBundle.openWithoutStrays(directory));
        }
        Form form = forms.get(0);
        if (mapped == null) {
            throw noCheckpoint(base, form);
        }
        SideFiles.requireSameMeaning(base.directory(), base.files(), directory, files);
        SideFiles.requireSameMeaning(mapped.checkpoint().directory(), mapped.files(), directory, files);
        return form == Form.CHECKPOINT
                ? CheckpointExpert.align(mapped, Checkpoint.open(directory, files))
                : AdapterExpert.align(mapped, Adapter.open(directory, files));
    }

    private static RejectedException noCheckpoint(ModelBundle base, Form form) {
        String models =
                String.join(", ", base.models().stream().map(OnnxModel::path).toList());
        return new RejectedException(
                RejectionCode.NO_CHECKPOINT,
                "The folder holds " + form.words() + ", and the base (" + models
                        + ") was registered without the checkpoint that it was exported from, so nobody knows which tensor goes"
                        + " where. Register the base with --checkpoint, under another model id; or export the expert to ONNX as the"
                        + " base was.");
    }
}
