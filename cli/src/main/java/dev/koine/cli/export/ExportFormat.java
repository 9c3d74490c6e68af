package dev.koine.cli.export;

/** What a version is written as. */
public enum ExportFormat {
    /** Its own files. */
    ONNX,
    /** The folder that transformers loads. */
    HF,
    /** A LoRA adapter of what is of low rank in it, or in one of its experts. */
    PEFT
}
