package dev.koine.accelerator;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Which build of ONNX Runtime is here; looks at names only, so that nothing native is loaded to know. */
final class CudaBuild {
    private static final String RESOURCES = "/ai/onnxruntime/native/";
    private static final String LINUX = "libonnxruntime_providers_cuda.so";
    private static final String WINDOWS = "onnxruntime_providers_cuda.dll";

    private CudaBuild() {}

    /** Whether it has the CUDA provider, in its jar or where {@code onnxruntime.native.path} says. */
    static boolean isHere() {
        boolean inJar = Stream.of("linux-x64/" + LINUX, "linux-aarch64/" + LINUX, "win-x64/" + WINDOWS)
                .anyMatch(file -> CudaBuild.class.getResource(RESOURCES + file) != null);
        String unpacked = System.getProperty("onnxruntime.native.path");
        return inJar
                || unpacked != null
                        && Stream.of(LINUX, WINDOWS)
                                .anyMatch(file -> Files.exists(Path.of(unpacked).resolve(file)));
    }
}
