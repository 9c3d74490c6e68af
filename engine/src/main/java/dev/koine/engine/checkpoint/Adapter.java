package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A LoRA adapter in a folder as PEFT's {@code save_pretrained} leaves it, as an index: which tensor of the base it changes, and by what. Holds no
 * weights.
 *
 * @param deltas by the name of the base's tensor
 * @param whole tensors that take the place of the base's ({@code modules_to_save}, trained biases), by the base's name
 */
record Adapter(AdapterConfig config, SortedMap<String, Delta> deltas, SortedMap<String, TensorInfo> whole) {
    static final String FILE = "adapter_model.safetensors";

    private static final String PREFIX = "base_model.model.";
    private static final Pattern FACTOR = Pattern.compile("(.+)\\.(?:lora_([AB])\\.weight|lora_embedding_([AB]))");
    private static final Pattern WRAPPER = Pattern.compile("\\.(base_layer|modules_to_save(\\.default)?)\\.");

    /**
     * The factors of one delta: {@code factor * left * right}, in the layout of the base's tensor, or of its transposed form.
     *
     * @param left shape {@code [m, r]}, behind it dimensions of 1
     * @param right shape {@code [r, n...]}
     */
    record Delta(TensorInfo left, TensorInfo right, float factor, boolean isTransposed) {
        /** Rows of the product as it stands. */
        long rows() {
            return left.shape().get(0);
        }

        long rank() {
            return right.shape().get(0);
        }

        long columns() {
            return rank() == 0 ? 0 : right.numel() / rank();
        }
    }

    /**
     * Indexes an adapter.
     *
     * @throws RejectedException UNSUPPORTED_ADAPTER if it is no LoRA adapter, or one whose arithmetic is not known here; NOT_SAFETENSORS if
     *     its file is malformed; MISSING_FILE if it is not there
     */
    static Adapter open(Path directory, List<String> files) throws RejectedException, IOException {
        AdapterConfig config = AdapterConfig.read(directory.resolve(AdapterConfig.FILE));
        if (!files.contains(FILE)) {
            throw Pickles.refusal(files, "adapter_model.bin", FILE);
        }
        Map<String, TensorInfo> left = new TreeMap<>();
        Map<String, TensorInfo> right = new TreeMap<>();
        TreeMap<String, TensorInfo> whole = new TreeMap<>();
        TreeMap<String, Boolean> isEmbedding = new TreeMap<>();
        for (TensorInfo tensor : Checkpoint.tensors(directory.resolve(FILE)).values()) {
            String name = nameInBase(tensor);
            Matcher factor = FACTOR.matcher(name);
            if (factor.matches()) {
                boolean isEmbedded = factor.group(2) == null;
                String letter = isEmbedded ? factor.group(3) : factor.group(2);
                (letter.equals("A") ? right : left).put(factor.group(1), tensor);
                isEmbedding.put(factor.group(1), isEmbedded);
            } else if (name.contains("lora_")) {
                throw AdapterConfig.unsupported("has the tensor " + Checkpoint.describe(tensor)
                        + (name.contains("magnitude")
                                ? ", as DoRA adapters have"
                                : ", which is neither factor A nor B of a weight"));
            } else {
                whole.put(WRAPPER.matcher(name).replaceAll("."), tensor);
            }
        }
        TreeMap<String, Delta> deltas = new TreeMap<>();
        for (String module : isEmbedding.keySet()) {
            TensorInfo b = left.get(module);
            TensorInfo a = right.get(module);
            if (a == null || b == null) {
                throw AdapterConfig.unsupported("has only one of the factors A and B of '" + Quote.of(module) + "'");
            }
            deltas.put(module + ".weight", delta(config, module, b, a, isEmbedding.getOrDefault(module, false)));
        }
        return new Adapter(config, deltas, whole);
    }

    private static Delta delta(AdapterConfig config, String module, TensorInfo b, TensorInfo a, boolean isEmbedding)
            throws RejectedException {
        requireFactor(a);
        requireFactor(b);
        boolean fit = b.shape().get(1).equals(a.shape().get(0))
                && b.shape().stream().skip(2).allMatch(dimension -> dimension == 1)
                && a.shape().get(0) > 0
                && a.numel() <= Integer.MAX_VALUE - 8
                && b.numel() <= Integer.MAX_VALUE - 8;
        if (!fit) {
            throw new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    "The adapter's factors " + Checkpoint.describe(b) + " and " + Checkpoint.describe(a)
                            + " cannot be multiplied. Save the adapter again with save_pretrained of PEFT.");
        }
        float factor = config.factor(module, Math.toIntExact(a.shape().get(0)));
        return new Delta(b, a, factor, isEmbedding || config.isFanInFanOut());
    }

    private static void requireFactor(TensorInfo tensor) throws RejectedException {
        if (!tensor.type().isMergeable() || tensor.shape().size() < 2) {
            throw AdapterConfig.unsupported(
                    "has the factor " + Checkpoint.describe(tensor) + ", which is no float matrix");
        }
    }

    private static String nameInBase(TensorInfo tensor) throws RejectedException {
        if (!tensor.name().startsWith(PREFIX)) {
            throw AdapterConfig.unsupported("has the tensor " + Checkpoint.describe(tensor)
                    + ", whose name does not begin with " + PREFIX + " as PEFT's do");
        }
        return tensor.name().substring(PREFIX.length());
    }
}
