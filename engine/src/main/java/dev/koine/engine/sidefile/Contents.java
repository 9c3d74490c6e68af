package dev.koine.engine.sidefile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The kinds of side files whose contents have a meaning, told by the file's name. Everything else that stands beside a model (model cards,
 * training arguments, text normalisers of an evaluation) has none for its inputs and outputs.
 */
enum Contents {
    /** Token to number, maybe by language: vocab.json, added_tokens.json. */
    TOKENS,
    /** tokenizer.json of the tokenizers library. */
    TOKENIZER,
    /** Settings in JSON: config.json, generation_config.json, preprocessor_config.json, tokenizer_config.json and their like. */
    SETTINGS,
    /** A token a line, with its number behind it where all lines have one: tokens.txt, units.txt, vocab.txt, *.tiktoken. */
    LINES,
    /** A SentencePiece model (tokenizer.model, *.spm), or the mean and variance of features. */
    BYTES;

    private static final long MOST_BYTES = 16L << 20;

    /** The kind of the file at this path; empty if it has no meaning that is compared. */
    static Optional<Contents> of(String file) {
        String name = file.substring(file.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        return switch (name) {
            case "vocab.json", "added_tokens.json" -> Optional.of(TOKENS);
            case "tokenizer.json" -> Optional.of(TOKENIZER);
            case "config.json",
                    "generation_config.json",
                    "preprocessor_config.json",
                    "processor_config.json",
                    "feature_extractor_config.json",
                    "tokenizer_config.json",
                    "special_tokens_map.json" -> Optional.of(SETTINGS);
            case "am.mvn", "global_cmvn" -> Optional.of(BYTES);
            case "merges.txt", "vocab.txt", "units.txt", "dict.txt", "labels.txt" -> Optional.of(LINES);
            default ->
                name.endsWith("tokens.txt") || name.endsWith(".tiktoken")
                        ? Optional.of(LINES)
                        : name.endsWith(".spm") || name.endsWith(".model") ? Optional.of(BYTES) : Optional.empty();
        };
    }

    /** What a file of this kind says; empty if it is no such file, or too large to look into. */
    Optional<Facts> read(Path file) throws IOException {
        if (this == BYTES || Files.size(file) > MOST_BYTES) {
            return Optional.empty();
        }
        return this == LINES ? LineFacts.read(file) : JsonFacts.read(file, this);
    }

    /** Why a file is compared byte by byte, to stand behind that in a message. */
    String whyUnread() {
        return switch (this) {
            case BYTES -> "";
            case LINES -> ", and are too large to be compared line by line";
            case TOKENS, TOKENIZER, SETTINGS ->
                ", and one of them is not JSON or too large to be compared entry by entry";
        };
    }
}
