package dev.koine.engine.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What lies beside the weights of a checkpoint and goes with every version of it: config, tokenizer, generation config and whatever else. */
final class CompanionFiles {
    /** Weights, in whatever form: in a version they would be the base's, and whoever loads them gets another model. */
    private static final Pattern WEIGHTS = Pattern.compile(
            ".*\\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|onnx|onnx_data|onnx\\.data|gguf|ggml|ot|pkl|pickle|npz|npy)"
                    + "|.*\\.(safetensors|bin)\\.index\\.json|(.*/)?tf_model.*|(.*/)?flax_model.*|(.*/)?checkpoint-[0-9]+/.*");

    private CompanionFiles() {}

    private static boolean isWeights(String file) {
        return WEIGHTS.matcher(file.toLowerCase(Locale.ROOT)).matches();
    }

    /** Copies them; returns those of the files that were left out, since they hold weights. */
    static List<String> copy(Path from, List<String> files, Path to) throws IOException {
        List<String> leftOut = new ArrayList<>();
        for (String file : files) {
            if (isWeights(file)) {
                leftOut.add(file);
            } else {
                Path target = to.resolve(file);
                Files.createDirectories(target.toAbsolutePath().getParent());
                Files.copy(from.resolve(file), target);
            }
        }
        return leftOut;
    }
}
