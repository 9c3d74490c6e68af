package dev.koine.engine.onnx.graph;

import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import java.util.Optional;

/**
 * A tensor as a model file stores it. Most are a range of bytes; one that protobuf stores number by number (strings, {@code int64_data},
 * float16 in {@code int32_data}) is <em>opaque</em>: it is compared with another by its digest. Float16 and bfloat16 can be read all the same.
 *
 * @param info where it lies; its length is 0 where there is no such range
 * @param onnxType the number of its element type, {@code TensorProto.DataType} of the ONNX specification
 * @param digest SHA-256 of an opaque tensor's elements as raw data would hold them, in hexadecimal; of strings, and of types that are
 *     not known here, of the stored fields
 */
public record StoredTensor(TensorInfo info, int onnxType, Optional<String> digest) {

    /** Floats stored number by number are constants up to this many, as exporters write small ones. */
    private static final int FEW_ELEMENTS = 16;

    public boolean isOpaque() {
        return digest.isPresent();
    }

    /** Whether its elements can be read as floats: float32, float16 or bfloat16, with a range of bytes, not empty. */
    public boolean isReadable() {
        return info.type().isMergeable() && info.length() > 0;
    }

    /** Whether it can be a weight: readable, and no small constant that is stored number by number. */
    public boolean isMergeable() {
        return isReadable() && (info.storage() == Storage.BYTES || info.numel() > FEW_ELEMENTS);
    }

    public StoredTensor named(String name) {
        TensorInfo renamed = new TensorInfo(
                name, info.type(), info.shape(), info.file(), info.offset(), info.length(), info.storage());
        return new StoredTensor(renamed, onnxType, digest);
    }
}
