package dev.koine.testkit;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An encoder and a decoder that ONNX Runtime runs: {@code encoder_model.onnx} multiplies features [batch, 4] by a number, and {@code decoder_model.onnx},
 * whose weights lie in {@code decoder_model.onnx_data}, the encoder's states and a scalar by it.
 */
public final class TinyPair {
    private static final int WIDTH = 4;

    private TinyPair() {}

    /** Writes both into a directory, which is made. */
    public static Path write(Path directory, float number) throws IOException {
        Files.createDirectories(directory);
        new TinyOnnx()
                .floatInput("features", "batch", "4")
                .output("states", "batch", "4")
                .matrix("weight", diagonal(number))
                .node("MatMul", "states", "features", "weight")
                .write(directory.resolve("encoder_model.onnx"));
        byte[] decoder = new TinyOnnx()
                .floatInput("states", "batch", "4")
                .floatInput("scale")
                .output("logits", "batch", "4")
                .matrix("weight", diagonal(number))
                .node("MatMul", "product", "states", "weight")
                .node("Mul", "logits", "product", "scale")
                .bytes();
        Files.write(directory.resolve("decoder_model.onnx"), external(decoder, directory, "decoder_model.onnx_data"));
        return directory;
    }

    private static byte[] external(byte[] bytes, Path directory, String data) throws IOException {
        ModelProto.Builder model = ModelProto.parseFrom(bytes).toBuilder();
        TensorProto.Builder tensor = model.getGraphBuilder().getInitializerBuilder(0);
        ByteBuffer values = ByteBuffer.allocate(WIDTH * WIDTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        tensor.getFloatDataList().forEach(values::putFloat);
        Files.write(directory.resolve(data), values.array());
        tensor.clearFloatData()
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addExternalData(
                        StringStringEntryProto.newBuilder().setKey("location").setValue(data));
        return model.build().toByteArray();
    }

    private static float[][] diagonal(float number) {
        float[][] rows = new float[WIDTH][WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            rows[i][i] = number;
        }
        return rows;
    }
}
