package dev.koine.engine.export;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Sums up how much of a delta an adapter does not hold, and why. */
final class LeftOut {
    /** Why something of a delta is not in an adapter. */
    enum Reason {
        REST("what is not of low rank in the matrices that it has"),
        VECTORS("vectors: biases and norms"),
        NOT_LINEAR(
                "tensors of other modules than linear layers: embeddings, convolutions, the projection to the vocabulary"),
        UNNAMED("weights that are no tensor of the checkpoint of their own");

        private final String words;

        Reason(String words) {
            this.words = words;
        }
    }

    private final Map<Reason, Double> squares = new EnumMap<>(Reason.class);
    private final Map<Reason, List<String>> names = new EnumMap<>(Reason.class);
    private double whole;

    /** Adds a tensor's delta. */
    void add(String name, Reason reason, double wholeSquare, double leftOutSquare) {
        whole += wholeSquare;
        squares.merge(reason, leftOutSquare, Double::sum);
        names.computeIfAbsent(reason, absent -> new ArrayList<>()).add(name);
    }

    /** The share of the whole's squared Frobenius norm; 0 if there is nothing. */
    double share() {
        return share(squares.values().stream().mapToDouble(Double::doubleValue).sum());
    }

    private double share(double square) {
        return whole == 0 ? 0 : square / whole;
    }

    /** A part for each reason that there was, in the order of the reasons. */
    List<AdapterExport.Part> parts() {
        List<AdapterExport.Part> parts = new ArrayList<>();
        squares.forEach((reason, square) ->
                parts.add(new AdapterExport.Part(reason.words, names.getOrDefault(reason, List.of()), share(square))));
        return parts;
    }
}
