package dev.koine.engine.onnx.graph;

/**
 * An input or output of a graph ({@code ValueInfoProto}).
 *
 * @param type its type in one canonical text, as {@code tensor(1)[?,80,3000]}: element type number and dimensions, {@code ?} where
 *     the size is open. Names of open dimensions are left out, since exporters make them up.
 */
public record ValueInfo(String name, String type) {}
