package dev.koine.subscriber.onnx;

/**
 * How sessions are opened.
 *
 * @param intraOpThreads threads that share one operator; 0 for one a core
 * @param provider where sessions run
 */
public record OnnxOptions(int intraOpThreads, ExecutionProvider provider) {
    /** One thread a call, for services that answer many at once; a GPU if there is one. */
    public static final OnnxOptions DEFAULT = new OnnxOptions(1, ExecutionProvider.AUTO);

    public OnnxOptions {
        if (intraOpThreads < 0) {
            throw new IllegalArgumentException("intraOpThreads is " + intraOpThreads + ". Give 0 or more.");
        }
    }
}
