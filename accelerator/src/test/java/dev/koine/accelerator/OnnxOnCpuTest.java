package dev.koine.accelerator;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The graph on ONNX Runtime's CPU provider: everywhere. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OnnxOnCpuTest extends OnnxDecompositionContract {
    private OnnxDecomposition device;

    @BeforeAll
    void open() throws IOException {
        device = OnnxDecomposition.onCpu();
    }

    @AfterAll
    void close() {
        device.close();
    }

    @Override
    OnnxDecomposition device() {
        return device;
    }
}
