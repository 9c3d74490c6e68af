package dev.koine.subscriber.onnx;

import ai.onnxruntime.OrtEnvironment;

/**
 * ONNX Runtime's environment, made on a thread with a deep stack. ONNX Runtime 1.29.0 recurses there once or more for each character
 * of the process's command line, and a class path of some 4000 characters, which a Flink TaskManager easily has, is enough to kill
 * the JVM on a thread of the usual 1 MiB.
 */
final class OnnxEnvironment {
    private static final long STACK_BYTES = 256L << 20;

    private OnnxEnvironment() {}

    static OrtEnvironment get() {
        return Holder.ENVIRONMENT;
    }

    private static final class Holder {
        static final OrtEnvironment ENVIRONMENT = make();

        private static OrtEnvironment make() {
            Thread maker = new Thread(null, OrtEnvironment::getEnvironment, "koine-onnxruntime", STACK_BYTES);
            maker.start();
            boolean interrupted = false;
            while (maker.isAlive()) {
                try {
                    maker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return OrtEnvironment.getEnvironment();
        }
    }
}
