package dev.koine.accelerator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Device;
import dev.koine.engine.linalg.Lanczos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceDecompositionTest {
    private static final float[] A = Matrices.lora(128, 160, 20, 1e-5);

    @Test
    void theProcessorIsJava() throws IOException {
        try (DeviceDecomposition cpu = DeviceDecomposition.open(Device.CPU)) {
            assertThat(cpu.description()).contains("in Java");
            assertThat(cpu.truncate(A, 128, 160, 7).u())
                    .containsExactly(Lanczos.truncate(A, 128, 160, 7).u());
        }
    }

    @Test
    void autoAlwaysOpensAndSaysWhy() throws IOException {
        try (DeviceDecomposition auto = DeviceDecomposition.open(Device.AUTO)) {
            assertThat(auto.description()).matches("on CUDA, .+|on the CPU, in Java, .+, for .+CUDA.*");
            float[] product = Matrices.product(auto.truncate(A, 128, 160, 7));
            float[] expected = Matrices.product(Lanczos.truncate(A, 128, 160, 7));
            assertThat(Matrices.distance(product, expected) / Matrices.norm(A)).isLessThan(1e-5);
        }
    }

    @Test
    void cudaThatIsNotThereIsRefusedWithWhatToDo() throws IOException {
        if (CudaBuild.isHere()) {
            try (OnnxDecomposition cuda = OnnxDecomposition.onCuda()) {
                Assumptions.abort("not run: there is CUDA here");
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("CUDA");
            }
        }
        assertThatThrownBy(() -> DeviceDecomposition.open(Device.CUDA))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("CUDA", "-Pcuda");
    }

    @Test
    void theCudaBuildIsKnownByItsFilesAlone(@TempDir Path natives) throws IOException {
        Assumptions.assumeFalse(CudaBuild.isHere(), "not run: this is the CUDA build");
        System.setProperty("onnxruntime.native.path", natives.toString());
        try {
            assertThat(CudaBuild.isHere()).isFalse();
            Files.createFile(natives.resolve("libonnxruntime_providers_cuda.so"));
            assertThat(CudaBuild.isHere()).isTrue();
        } finally {
            System.clearProperty("onnxruntime.native.path");
        }
    }
}
