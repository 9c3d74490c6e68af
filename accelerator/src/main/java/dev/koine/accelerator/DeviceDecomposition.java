package dev.koine.accelerator;

import dev.koine.engine.Device;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import java.io.IOException;

/**
 * The truncated SVD on the device that was asked for, chosen once, when it is opened. On the processor that is {@link Lanczos}, on
 * a GPU {@link OnnxDecomposition}; they agree to about 1e-5 of a matrix's norm, not to the bit. Safe for several threads.
 */
public final class DeviceDecomposition implements Decomposition, AutoCloseable {
    private final Decomposition decomposition;
    private final Closing closing;
    private final String description;

    private interface Closing {
        void close();
    }

    private DeviceDecomposition(Decomposition decomposition, Closing closing, String description) {
        this.decomposition = decomposition;
        this.closing = closing;
        this.description = description;
    }

    /**
     * Chooses the device; {@link #description()} says which, and why. {@code AUTO} loads ONNX Runtime only if it is the CUDA build and there
     * is an NVIDIA device: unpacking that build takes seconds, unless {@code onnxruntime.native.path} says where it lies unpacked.
     *
     * @throws IOException if {@code CUDA} is asked for and does not work
     */
    public static DeviceDecomposition open(Device device) throws IOException {
        return switch (device) {
            case CPU -> inJava("as was asked");
            case CUDA -> onCuda();
            case AUTO -> cudaOrJava();
        };
    }

    private static DeviceDecomposition cudaOrJava() {
        if (!CudaBuild.isHere()) {
            return inJava("for this build of ONNX Runtime has no CUDA");
        }
        if (!CudaBuild.mayHaveDriver()) {
            return inJava("for there is no NVIDIA device for CUDA");
        }
        try {
            return onCuda();
        } catch (IOException e) {
            return inJava("for CUDA does not work here (" + e.getMessage() + ")");
        }
    }

    private static DeviceDecomposition inJava(String reason) {
        return new DeviceDecomposition(
                Lanczos::truncate, () -> {}, "on the CPU, " + Kernels.fastest().description() + ", " + reason);
    }

    private static DeviceDecomposition onCuda() throws IOException {
        requireCudaBuild();
        OnnxDecomposition cuda = OnnxDecomposition.onCuda();
        return new DeviceDecomposition(cuda, cuda::close, "on CUDA, by ONNX Runtime");
    }

    /** @throws IOException if ONNX Runtime is here without CUDA; nothing native is loaded to know */
    public static void requireCudaBuild() throws IOException {
        if (!CudaBuild.isHere()) {
            throw new IOException(
                    "CUDA was asked for, but this build of ONNX Runtime has none. Build with mvn -Pcuda, or ask"
                            + " for another device: cpu, or auto.");
        }
    }

    /** Whether that is a GPU. */
    public boolean isOnGpu() {
        return decomposition instanceof OnnxDecomposition;
    }

    /** Where matrices are decomposed, and why there: words that go on from "Matrices are decomposed". */
    public String description() {
        return description;
    }

    @Override
    public LowRank truncate(float[] a, int rows, int columns, int rank) throws IOException {
        return decomposition.truncate(a, rows, columns, rank);
    }

    /** Frees the device; no call may be running or come later. */
    @Override
    public void close() {
        closing.close();
    }
}
