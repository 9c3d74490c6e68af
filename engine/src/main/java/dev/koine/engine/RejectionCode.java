package dev.koine.engine;

/**
 * Why an event, or the files that it points to, is refused. The name of the constant is the {@code code} of a rejection event;
 * constants are only ever added.
 */
public enum RejectionCode {
    /** The bytes are not an Avro single-object encoding of a known schema. */
    UNDECODABLE,
    /** A field has a value that no event may have. */
    INVALID_EVENT,
    /** No model of this id is registered. */
    UNKNOWN_MODEL,
    /** A model of this id is registered already. */
    MODEL_EXISTS,
    /** The place of a bundle is not on the job's allow-list, or a path leaves its bundle. */
    PLACE_NOT_ALLOWED,
    /** A file that the bundle lists, or that a model file refers to, is not there. */
    MISSING_FILE,
    /** A file has another size than the bundle lists. */
    SIZE_MISMATCH,
    /** A file has another SHA-256 than the bundle lists. */
    DIGEST_MISMATCH,
    /** A file is not a readable ONNX model, or uses a part of the format that is not supported. */
    NOT_ONNX,
    /** ONNX Runtime does not load the model. */
    NOT_LOADABLE,
    /** The expert's graph is not the base's graph. */
    GRAPH_MISMATCH,
    /** A tensor of the expert has another shape or element type than the base's. */
    TENSOR_MISMATCH,
    /** A side file, or the metadata of a model file, gives inputs or outputs another meaning in the expert than in the base. */
    SIDE_FILE_MISMATCH,
    /** No weight of the expert that the recipe merges differs from the base's. */
    UNCHANGED,
    /** Weights are quantised to integers, or an integer tensor differs. */
    QUANTIZED,
    /** A weight is NaN or infinite. */
    NON_FINITE,
    /** A newer revision of the expert is inside already. */
    STALE_REVISION,
    /** This revision of the expert is inside already. */
    DUPLICATE,
    /** The expert to retract is not inside. */
    NOT_MERGED,
    /** The version to go back to was never announced, or its files are not kept any more. */
    UNKNOWN_VERSION,
    /** An event or version bears no signature where one is asked for. */
    UNSIGNED,
    /** A signature is wrong, or its key is not trusted. */
    BAD_SIGNATURE,
    /** A file, a list or a tensor is larger than this installation takes. */
    TOO_LARGE,
    /** A running total would leave its range, or a merged weight the range of its element type. */
    TOTAL_OVERFLOW,
    /** A safetensors file (a task vector, an evaluation set, a checkpoint) is malformed, or of a version that is not known. */
    NOT_SAFETENSORS,
    /** The recipe weighs experts by statistics of their languages, and this one has none. */
    NO_STATISTICS,
    /** Statistics are of another base, or lack a layer of it. */
    STATISTICS_MISMATCH,
    /** The expert is a checkpoint or an adapter, and the base was registered without the checkpoint that it was exported from. */
    NO_CHECKPOINT,
    /** A checkpoint is not the one that the graph was exported from, or the expert's has other tensors than the base's. */
    CHECKPOINT_MISMATCH,
    /** An adapter is of a kind, or has a setting, whose arithmetic is not known here. */
    UNSUPPORTED_ADAPTER,
    /** An evaluation set has speech that the base model cannot be evaluated on. */
    EVALUATION_SET,
    /** The candidate does not hold the policy on the evaluation sets, and the model's gate enforces it. */
    GATE_REFUSED,
    /** Koine itself failed on this input; a defect to report. */
    INTERNAL_ERROR
}
