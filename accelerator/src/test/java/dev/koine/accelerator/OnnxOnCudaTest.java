package dev.koine.accelerator;

import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** The same graph on a GPU: where there is one, and the build is {@code mvn -Pcuda}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OnnxOnCudaTest extends OnnxDecompositionContract {
    private @Nullable OnnxDecomposition device;
    private String reason = "this build of ONNX Runtime has no CUDA; build with -Pcuda";

    @BeforeAll
    void open() {
        if (CudaBuild.isHere()) {
            try {
                device = OnnxDecomposition.onCuda();
            } catch (IOException e) {
                reason = e.toString();
            }
        }
    }

    /** Before each test, not before all of them: then Surefire would say neither that they were left out, nor why. */
    @BeforeEach
    void requireCuda() {
        Assumptions.assumeTrue(device != null, "not run: " + reason);
    }

    @AfterAll
    void close() {
        if (device != null) {
            device.close();
        }
    }

    @Override
    OnnxDecomposition device() {
        return Objects.requireNonNull(device);
    }
}
