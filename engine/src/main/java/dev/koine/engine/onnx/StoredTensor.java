package dev.koine.engine.onnx;

import java.util.Optional;

/**
 * A tensor as a model file stores it. Most are a range of bytes; one that protobuf stores number by number (strings, {@code int64_data},
 * float16 in {@code int32_data}) has no such range and is <em>opaque</em>: it is only ever compared with another, by its digest.
 *
 * @param info where it lies; of an opaque tensor only name, type and shape mean anything
 * @param onnxType the number of its element type, {@code TensorProto.DataType} of the ONNX specification
 * @param digest SHA-256 of an opaque tensor's elements as raw data would hold them, in hexadecimal; of strings, and of types that are
 *     not known here, of the stored fields
 */
public record StoredTensor(TensorInfo info, int onnxType, Optional<String> digest) {

    public boolean isOpaque() {
        return digest.isPresent();
    }

    /** Whether it can be a weight: float32, float16 or bfloat16, with a range of bytes, not empty. */
    public boolean isMergeable() {
        return !isOpaque() && info.type().isMergeable() && info.length() > 0;
    }

    StoredTensor named(String name) {
        TensorInfo renamed = new TensorInfo(name, info.type(), info.shape(), info.file(), info.offset(), info.length());
        return new StoredTensor(renamed, onnxType, digest);
    }
}
