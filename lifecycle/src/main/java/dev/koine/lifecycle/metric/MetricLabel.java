package dev.koine.lifecycle.metric;

/** What the values of a metric are told apart by. Each has few values: those of models are bounded, all others are of an enumeration. */
public enum MetricLabel {
    /** Ids of registered models, {@link #NO_MODEL}, or {@link #OTHER_MODELS}. */
    MODEL("model", "the model's id"),
    /** Of a rejection. */
    CODE("code", "the rejection's code"),
    /** What led to a version. */
    CHANGE("change", "what was done: `registered`, `merged`, `replaced`, `retracted` or `rolled_back`"),
    /** A {@link MatrixSize}. */
    SIZE("size", "elements of the tensor: `up_to_1m`, `up_to_10m` or `over_10m`"),
    /** A {@link GateVerdict}. */
    VERDICT("verdict", "`passed`, `observed` (breaks the policy, which only observes) or `refused`"),
    /** How the store keeps something. */
    KIND("kind", "`file` (pieces of task vectors, plans) or `bundle` (models)");

    /** In place of a model's id: what belongs to no registered model. No model has such an id. */
    public static final String NO_MODEL = "_none";

    /** In place of a model's id: models beyond those that are told apart. No model has such an id. */
    public static final String OTHER_MODELS = "_other";

    private final String key;
    private final String description;

    MetricLabel(String key, String description) {
        this.key = key;
        this.description = description;
    }

    /** In names, and of the label. */
    public String key() {
        return key;
    }

    /** For readers. */
    public String description() {
        return description;
    }
}
