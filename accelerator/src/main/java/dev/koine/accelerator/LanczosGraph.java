package dev.koine.accelerator;

import java.util.ArrayList;
import java.util.List;

/**
 * The ONNX graph of a fixed number of Lanczos steps with full reorthogonalisation, all float32. Vectors are rows; each step is
 *
 * <pre>
 *   t = v D'                            D' has the longer side as columns: it is D, or its transpose if D is tall
 *   w = t D'^T,  twice w -= (w V^T) V   less what the basis has of it
 *   norm = |w|,  v = w / norm           the next vector; zero, as are all that follow it, where the norm falls under
 *                                       1e-5 of the largest: what is left are rounding errors
 * </pre>
 *
 * <p>A second chain, the probe, goes a few steps from another vector, orthogonal to all of the first: it shows whether the first
 * has missed a direction. D is not transposed in memory: its two forms differ in which product is the transposed one.
 */
final class LanczosGraph {
    /** Input: the matrix, shape {@code [rows, columns]}, at about unit norm. */
    static final String MATRIX = "D";
    /** Input: the first vector, shape {@code [1, n]}, unit norm, where n is D's smaller side. */
    static final String START = "start";
    /** Input: the probe's first vector, shape {@code [1, n]}. */
    static final String PROBE = "probe";
    /** Output: the basis, shape {@code [steps + probeSteps, n]}; orthonormal rows, then in either chain zero ones, if any. */
    static final String BASIS = "V";
    /** Output: the basis times D', shape {@code [steps + probeSteps, m]}, where m is D's larger side. */
    static final String IMAGES = "W";
    /** Output: the norm after each step, shape {@code [1, steps + probeSteps]}. */
    static final String NORMS = "norms";

    private final OnnxGraph graph = new OnnxGraph("lanczos");
    private final boolean tall;
    private final String exhausted;
    private final String infinity;
    private final List<String> images = new ArrayList<>();
    private final List<String> norms = new ArrayList<>();
    private String basis = "";
    private String largest = "";

    private LanczosGraph(boolean tall) {
        this.tall = tall;
        graph.input(MATRIX, tall ? "m" : "n", tall ? "n" : "m");
        graph.input(START, "1", "n");
        graph.input(PROBE, "1", "n");
        exhausted = graph.constant("exhausted", 1e-5f);
        infinity = graph.constant("infinity", Float.POSITIVE_INFINITY);
    }

    /**
     * The bytes of the model.
     *
     * @param steps of the first chain, at least 1
     * @param probeSteps of the probe, at least 1
     * @param tall whether D has more rows than columns
     */
    static byte[] build(int steps, int probeSteps, boolean tall) {
        LanczosGraph lanczos = new LanczosGraph(tall);
        lanczos.chain(START, steps);
        String probe = lanczos.orthogonalised(PROBE);
        lanczos.chain(lanczos.graph.node("Div", probe, lanczos.norm(probe)), probeSteps);
        return lanczos.finish(String.valueOf(steps + probeSteps));
    }

    private void chain(String start, int steps) {
        String v = start;
        for (int i = 0; i < steps; i++) {
            basis = basis.isEmpty() ? v : graph.concat(0, basis, v);
            String open = orthogonalised(multiplied(v));
            String norm = norm(open);
            norms.add(norm);
            if (i + 1 < steps) {
                v = next(open, norm);
            }
        }
    }

    private String multiplied(String v) {
        String image = tall ? graph.timesTransposed(v, MATRIX) : graph.node("MatMul", v, MATRIX);
        images.add(image);
        return tall ? graph.node("MatMul", image, MATRIX) : graph.timesTransposed(image, MATRIX);
    }

    private String orthogonalised(String vector) {
        String w = vector;
        for (int pass = 0; pass < 2; pass++) {
            w = graph.node("Sub", w, graph.node("MatMul", graph.timesTransposed(w, basis), basis));
        }
        return w;
    }

    private String norm(String vector) {
        return graph.node("Sqrt", graph.timesTransposed(vector, vector));
    }

    private String next(String open, String norm) {
        largest = largest.isEmpty() ? norm : graph.node("Max", largest, norm);
        String goesOn = graph.node("Greater", norm, graph.node("Mul", largest, exhausted));
        return graph.node("Div", open, graph.node("Where", goesOn, norm, infinity));
    }

    private byte[] finish(String count) {
        graph.output(BASIS, basis, count, "n");
        graph.output(IMAGES, graph.concat(0, images.toArray(String[]::new)), count, "m");
        graph.output(NORMS, graph.concat(1, norms.toArray(String[]::new)), "1", count);
        return graph.toByteArray();
    }
}
