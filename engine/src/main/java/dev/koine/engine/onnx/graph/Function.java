package dev.koine.engine.onnx.graph;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A function that a model defines ({@code FunctionProto}): an operator that stands for the nodes of its body.
 *
 * @param key domain, name and overload, as {@link Node#operator()} has them
 * @param defaults the attributes that a call may leave out, with their values
 * @param opsets the version of each operator set that its body uses, by domain
 * @param body its nodes; inputs and outputs have names and no types
 */
public record Function(String key, Map<String, Attribute> defaults, SortedMap<String, Long> opsets, Graph body) {
    public Function {
        defaults = Map.copyOf(defaults);
        opsets = Collections.unmodifiableSortedMap(new TreeMap<>(opsets));
    }
}
