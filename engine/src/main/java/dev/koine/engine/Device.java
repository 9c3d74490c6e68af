package dev.koine.engine;

/** Where numbers are computed: matrices decomposed, models evaluated. */
public enum Device {
    CPU,
    /** An NVIDIA GPU; opening fails where there is none or the CUDA build of ONNX Runtime is missing. */
    CUDA,
    /** CUDA where it works, else the CPU. */
    AUTO
}
