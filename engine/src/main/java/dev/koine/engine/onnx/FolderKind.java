package dev.koine.engine.onnx;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import dev.koine.engine.onnx.wire.Quote;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a folder without any model file is, by the names in it and their first bytes. */
final class FolderKind {
    private static final String EXPORT =
            ". Export the model to ONNX as the base was exported (such as by `optimum-cli export onnx --model FOLDER OUT`),"
                    + " and name the folder of the export.";

    /** A kind of folder: a file that gives it away, and what is to be said of it. */
    private record Sign(Pattern file, String what, String advice) {
        static Sign of(String file, String what, String advice) {
            return new Sign(Pattern.compile("(.*/)?(" + file + ")"), what, advice);
        }
    }

    private static final List<Sign> SIGNS = List.of(
            Sign.of(
                    "adapter_config\\.json|adapter_model\\..*",
                    "a PEFT adapter, which is no model by itself",
                    ". Register the ONNX export of the model that it was trained on, with --checkpoint for that model's checkpoint,"
                            + " and submit the adapter as an expert."),
            Sign.of(
                    "(model|tf_model|flax_model)[^/]*\\.(safetensors|h5|msgpack|index\\.json)|pytorch_model[^/]*\\.(bin|index\\.json)",
                    "a Hugging Face checkpoint, which has no graph",
                    EXPORT),
            Sign.of(".*\\.ort", "a model in ONNX Runtime's own format", ". Give the .onnx file that it was made from."),
            Sign.of("saved_model\\.pb|.*\\.tflite|.*\\.h5|.*\\.keras", "a TensorFlow model", EXPORT),
            Sign.of(".*\\.(gguf|ggml)|ggml.*\\.bin", "a GGUF or ggml model", EXPORT),
            Sign.of(".*\\.nemo", "a NeMo checkpoint", EXPORT),
            Sign.of("model\\.bin", "a CTranslate2 model", EXPORT),
            Sign.of(".*\\.mlmodel|.*\\.mlpackage/.*", "a Core ML model", EXPORT),
            Sign.of(".*\\.safetensors", "a checkpoint, which has no graph", EXPORT),
            Sign.of(".*\\.(pt|pth|ckpt|pkl)", "a PyTorch checkpoint", EXPORT),
            Sign.of(
                    ".*\\.(zip|tar|tgz|gz|zst|xz|bz2|7z)",
                    "an archive",
                    ". Unpack it, and name the folder with what was inside."));

    private FolderKind() {}

    /** The refusal of a folder in which no file ends in {@code .onnx}. */
    static RejectedException refusal(Path directory, List<String> files) {
        String none = "The folder holds no .onnx file among its " + files.size() + " files";
        for (Sign sign : SIGNS) {
            for (String file : files) {
                if (sign.file().matcher(file.toLowerCase(Locale.ROOT)).matches()) {
                    return refused(none + ", but '" + Quote.of(file) + "': that is " + sign.what() + sign.advice());
                }
            }
        }
        for (String file : files) {
            Optional<FileKind> kind = FileKind.of(directory.resolve(file));
            if (kind.isPresent() && isForeign(kind.get())) {
                FileKind known = kind.get();
                return refused(none + "; '" + Quote.of(file) + "' " + known.what() + ". " + known.advice() + ".");
            }
        }
        return refused(none + ". Point to the directory of an exported model.");
    }

    private static boolean isForeign(FileKind kind) {
        return switch (kind) {
            case EMPTY, XML, JSON, UTF_16, TEXT -> false;
            default -> true;
        };
    }

    private static RejectedException refused(String message) {
        return new RejectedException(RejectionCode.NOT_ONNX, message);
    }
}
