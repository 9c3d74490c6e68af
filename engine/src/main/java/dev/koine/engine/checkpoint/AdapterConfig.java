package dev.koine.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What the {@code adapter_config.json} of a LoRA adapter says (PEFT, {@code LoraConfig}), as far as it decides which delta the adapter's tensors are.
 *
 * <p>Settings that are not known here are refused unless they are off: a later PEFT may have brought another arithmetic with them.
 *
 * @param base the model that it was trained on, as the config names it; empty if it does not
 * @param alpha {@code lora_alpha}; the delta is {@code alpha / r * B A}, or {@code alpha / sqrt(r) * B A} (rsLoRA, arXiv 2312.03732)
 * @param alphas {@code alpha_pattern}: by a pattern of the module's name
 */
record AdapterConfig(
        String base, double alpha, Map<Pattern, Double> alphas, boolean isRankStabilized, boolean isFanInFanOut) {
    static final String FILE = "adapter_config.json";

    private static final String MERGED =
            " Merge the adapter into its base with merge_and_unload() of PEFT, save that with save_pretrained, and submit the folder.";

    /** What decides how training goes, and not which delta comes of it; ranks are the tensors' own. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "arrow_config",
            "auto_mapping",
            "base_model_name_or_path",
            "bias",
            "ensure_weight_tying",
            "eva_config",
            "exclude_modules",
            "fan_in_fan_out",
            "inference_mode",
            "init_lora_weights",
            "layers_pattern",
            "layers_to_transform",
            "loftq_config",
            "lora_alpha",
            "lora_dropout",
            "lora_ga_config",
            "megatron_config",
            "megatron_core",
            "modules_to_save",
            "peft_type",
            "peft_version",
            "qalora_group_size",
            "r",
            "rank_pattern",
            "alpha_pattern",
            "revision",
            "runtime_config",
            "target_modules",
            "task_type",
            "use_rslora");

    /** Initialisations that change the base's weights, so that the adapter is a delta of something else. */
    private static final List<String> CHANGED_BASE = List.of("pissa", "olora", "loftq", "corda", "lora_ga");

    AdapterConfig {
        alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas));
    }

    static AdapterConfig read(Path file) throws RejectedException, IOException {
        JsonNode config = JsonFile.object(file, RejectionCode.UNSUPPORTED_ADAPTER);
        String type = config.path("peft_type").asText("");
        if (!type.equals("LORA")) {
            throw unsupported("is of the kind " + (type.isEmpty() ? "(peft_type is missing)" : Quote.of(type))
                    + ", and LORA is the one that is taken as it is");
        }
        for (Map.Entry<String, JsonNode> setting : config.properties()) {
            if (!WITHOUT_EFFECT.contains(setting.getKey()) && !isOff(setting.getValue())) {
                throw unsupported(name(setting.getKey()) + " (" + Quote.of(setting.getKey()) + " is "
                        + Quote.of(setting.getValue().toString()) + ")");
            }
        }
        String initialised = config.path("init_lora_weights").asText("").toLowerCase(Locale.ROOT);
        if (CHANGED_BASE.stream().anyMatch(initialised::startsWith)) {
            throw unsupported("was initialised with " + Quote.of(initialised)
                    + ", which changes the base's weights: its tensors alone do not say what it adds to the base");
        }
        return new AdapterConfig(
                config.path("base_model_name_or_path").asText(""),
                number(config, "lora_alpha"),
                alphas(config),
                config.path("use_rslora").asBoolean(false),
                config.path("fan_in_fan_out").asBoolean(false));
    }

    /**
     * The factor of {@code B A}, in float32 as tensors are multiplied with it.
     *
     * @param module its name in the model, such as {@code model.encoder.layers.0.self_attn.q_proj}
     */
    float factor(String module, int rank) throws RejectedException {
        double own = alpha;
        for (Map.Entry<Pattern, Double> entry : alphas.entrySet()) {
            if (fits(entry.getKey(), module)) {
                own = entry.getValue();
                break;
            }
        }
        return (float) (own / (isRankStabilized ? Math.sqrt(rank) : rank));
    }

    private static boolean fits(Pattern pattern, String module) throws RejectedException {
        try {
            return pattern.matcher(new PatientText(module)).lookingAt();
        } catch (PatientText.OutOfPatience | StackOverflowError e) {
            throw unsupported("has the alpha_pattern " + Quote.of(pattern.pattern())
                    + ", which takes too long to match '" + Quote.of(module) + "'");
        }
    }

    /** A sentence about the base that it was trained on; nothing if the config does not say. */
    Optional<String> trainedOn() {
        return base.isEmpty()
                ? Optional.empty()
                : Optional.of(" Its config says that it was trained on '" + Quote.of(base) + "'.");
    }

    private static boolean isOff(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isNumber() && value.doubleValue() == 0)
                || (value.isTextual() && value.textValue().isEmpty())
                || (value.isContainerNode() && value.isEmpty());
    }

    private static String name(String setting) {
        return switch (setting) {
            case "use_dora" -> "is a DoRA adapter";
            case "lora_bias" -> "has biases in its factors";
            case "use_qalora" -> "is a QALoRA adapter, of a quantised base";
            case "layer_replication" -> "replicates layers of its base";
            case "trainable_token_indices" -> "has embeddings of single tokens";
            case "target_parameters" -> "targets parameters that are no module's weight";
            default -> "has a setting that Koine does not know";
        };
    }

    private static double number(JsonNode config, String name) throws RejectedException {
        JsonNode value = config.path(name);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw unsupported("has no number for " + name);
        }
        return value.doubleValue();
    }

    /** The first that fits counts, and a pattern fits the end of a module's name, as PEFT has it. */
    private static Map<Pattern, Double> alphas(JsonNode config) throws RejectedException {
        Map<Pattern, Double> alphas = new LinkedHashMap<>();
        JsonNode patterns = config.path("alpha_pattern");
        for (Map.Entry<String, JsonNode> entry : patterns.properties()) {
            try {
                alphas.put(Pattern.compile("(.*\\.)?(" + entry.getKey() + ")$"), number(patterns, entry.getKey()));
            } catch (PatternSyntaxException e) {
                throw unsupported("has the alpha_pattern " + Quote.of(entry.getKey()) + ", which is no pattern");
            }
        }
        return alphas;
    }

    static RejectedException unsupported(String what) {
        return new RejectedException(RejectionCode.UNSUPPORTED_ADAPTER, "The adapter " + what + "." + MERGED);
    }
}
