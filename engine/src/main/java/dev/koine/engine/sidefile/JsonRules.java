package dev.koine.engine.sidefile;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which entries of a JSON side file have a meaning, and which meaning that is. */
final class JsonRules {
    /** Of config.json, generation_config.json, preprocessor_config.json and their like. */
    private static final Set<String> SETTINGS = Set.of(
            "model_type",
            "decoder_start_token_id",
            "eos_token_id",
            "pad_token_id",
            "is_encoder_decoder",
            "blank_token_id",
            "blank_id",
            "no_timestamps_token_id",
            "word_delimiter_token",
            "eos_token",
            "sampling_rate",
            "feature_size",
            "num_mel_bins",
            "n_fft",
            "hop_length",
            "win_length",
            "frame_length",
            "features_padding",
            "time_subsampling",
            "do_normalize");

    private static final Set<String> TABLES = Set.of("id2label", "lang_to_id", "task_to_id");
    private static final String ADDED = "added_tokens";

    private final Contents contents;
    private final Facts facts = new Facts();
    private final Map<String, String> numbers = new HashMap<>();
    private final Map<String, String> tokens = new HashMap<>();

    JsonRules(Contents contents) {
        this.contents = contents;
    }

    /** Whether a scalar at this path is to be read at all. */
    boolean wants(List<String> path) {
        if (path.isEmpty()) {
            return false;
        }
        return switch (contents) {
            case TOKENS -> true;
            case TOKENIZER ->
                path.get(0).equals(ADDED)
                        || path.get(0).equals("model")
                        || path.get(0).equals("decoder");
            case SETTINGS, LINES, BYTES -> isSetting(path);
        };
    }

    private static boolean isSetting(List<String> path) {
        String first = first(path);
        return SETTINGS.contains(first) || TABLES.contains(first) || first.equals("added_tokens_decoder");
    }

    /** A processor's configuration holds that of its feature extractor. */
    private static String first(List<String> path) {
        return path.get(0).equals("feature_extractor") && path.size() > 1 ? path.get(1) : path.get(0);
    }

    /** Takes a scalar; false if there are too many. */
    boolean take(List<String> path, String value) {
        int last = path.size() - 1;
        return switch (contents) {
            case TOKENS ->
                facts.put(last == 0 ? "token" : String.join(".", path.subList(0, last)), value, path.get(last));
            case TOKENIZER -> tokenizer(path, value);
            case SETTINGS, LINES, BYTES -> setting(path, value);
        };
    }

    private boolean setting(List<String> path, String value) {
        String first = first(path);
        int last = path.size() - 1;
        if (first.equals("added_tokens_decoder")) {
            return path.size() != 3 || !path.get(2).equals("content") || facts.put("token", path.get(1), value);
        }
        if (TABLES.contains(first)) {
            return path.size() < 2 || facts.set(first + " " + path.get(last), value);
        }
        boolean isToken = first.equals("eos_token") || first.equals("word_delimiter_token");
        if (isToken && path.get(last).equals("content")) {
            return facts.set(first, value);
        }
        if (isToken && last > 0) {
            return true;
        }
        return facts.set(String.join(".", path.subList(path.indexOf(first), path.size())), value);
    }

    private boolean tokenizer(List<String> path, String value) {
        if (path.get(0).equals(ADDED)) {
            return added(path, value);
        }
        if (path.size() == 2 && path.get(1).equals("type")) {
            return facts.set(path.get(0) + ".type", value);
        }
        if (!path.get(0).equals("model")) {
            return true;
        }
        if (path.size() == 3 && path.get(1).equals("vocab")) {
            return facts.put("token", value, path.get(2));
        }
        if (path.size() == 4 && path.get(1).equals("vocab") && path.get(3).equals("0")) {
            return facts.put("token", path.get(2), value);
        }
        if ((path.size() == 3 || path.size() == 4) && path.get(1).equals("merges")) {
            return facts.append("merge", path.get(2), value);
        }
        return true;
    }

    /** Number and text of an added token come one after the other, in any order. */
    private boolean added(List<String> path, String value) {
        if (path.size() == 3 && path.get(2).equals("id")) {
            numbers.put(path.get(1), value);
        } else if (path.size() == 3 && path.get(2).equals("content")) {
            tokens.put(path.get(1), value);
        }
        return numbers.size() + tokens.size() <= Facts.MOST;
    }

    /** What has been taken, once the file is at its end. */
    Facts facts() {
        numbers.forEach((index, number) -> {
            String token = tokens.get(index);
            if (token != null) {
                facts.put(ADDED, number, token);
            }
        });
        if (facts.isTrue("is_encoder_decoder")) {
            facts.forget("pad_token_id");
        }
        return facts;
    }
}
