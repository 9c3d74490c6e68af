package dev.koine.subscriber.onnx;

/** Where sessions run. */
public enum ExecutionProvider {
    CPU,
    /** An NVIDIA GPU; opening fails where there is none or the CUDA build of ONNX Runtime is missing. */
    CUDA,
    /** CUDA where it works, else the CPU. */
    AUTO
}
