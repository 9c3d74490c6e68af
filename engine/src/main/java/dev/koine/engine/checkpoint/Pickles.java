package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Weights that are pickled: reading them runs what is inside, so they are never opened. */
final class Pickles {
    private static final List<String> ENDINGS = List.of(".bin", ".pt", ".pth", ".ckpt", ".pkl");

    private Pickles() {}

    /** The first file that is pickled, by its name. */
    static Optional<String> in(List<String> files) {
        return files.stream()
                .filter(file -> ENDINGS.stream().anyMatch(file.toLowerCase(Locale.ROOT)::endsWith))
                .findFirst();
    }

    /**
     * The refusal of a folder without its safetensors file.
     *
     * @param usual the pickled file that stands for it mostly
     */
    static RejectedException refusal(List<String> files, String usual, String wanted) {
        Optional<String> pickled = files.contains(usual) ? Optional.of(usual) : in(files);
        if (pickled.isEmpty()) {
            return new RejectedException(
                    RejectionCode.MISSING_FILE,
                    "The folder lacks " + wanted + ". Add it, as save_pretrained writes it.");
        }
        String file = Quote.of(pickled.get());
        return new RejectedException(
                RejectionCode.NOT_SAFETENSORS,
                "The folder has its weights in '" + file
                        + "', which is pickled: reading it would run what is inside, so it is never"
                        + " opened. Convert it where you trust it: python -c \"import torch, safetensors.torch as s;"
                        + " s.save_file({k: v.clone().contiguous() for k, v in torch.load('" + file
                        + "', weights_only=True).items()}, '" + wanted + "', {'format': 'pt'})\", and leave '" + file
                        + "' out.");
    }
}
