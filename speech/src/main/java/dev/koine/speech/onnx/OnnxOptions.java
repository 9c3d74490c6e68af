package dev.koine.speech.onnx;

import dev.koine.engine.Device;

/**
 * How sessions are opened.
 *
 * @param intraOpThreads threads that share one operator; 0 for one a core
 * @param device where sessions run
 */
public record OnnxOptions(int intraOpThreads, Device device) {
    /** One thread a call, for services that answer many at once; a GPU if there is one. */
    public static final OnnxOptions DEFAULT = new OnnxOptions(1, Device.AUTO);

    public OnnxOptions {
        if (intraOpThreads < 0) {
            throw new IllegalArgumentException("intraOpThreads is " + intraOpThreads + ". Give 0 or more.");
        }
    }
}
