package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts the nodes of a graph in an order in which each comes after those whose results it reads. ONNX asks files to be written so, but ONNX
 * Runtime does not, and its converter to half precision appends its Cast nodes at the end. A graph in order stays as it is; in one with
 * a cycle some node still comes before what it reads.
 */
final class NodeOrder {
    private static final byte OPEN = 1;
    private static final byte DONE = 2;

    private final List<Node> nodes;
    private final Map<String, Integer> producers = new HashMap<>();
    private final byte[] states;
    private final List<Integer> order = new ArrayList<>();

    private NodeOrder(List<Node> nodes) {
        this.nodes = nodes;
        this.states = new byte[nodes.size()];
    }

    /** The indexes of the nodes of {@code graph} in that order. */
    static List<Integer> of(Graph graph) {
        NodeOrder sorter = new NodeOrder(graph.nodes());
        for (int i = 0; i < graph.nodes().size(); i++) {
            for (String output : graph.nodes().get(i).outputs()) {
                sorter.producers.putIfAbsent(output, i);
            }
        }
        for (int i = 0; i < graph.nodes().size(); i++) {
            sorter.visit(i);
        }
        return List.copyOf(sorter.order);
    }

    /** Depth first, on a stack of its own: a file may hold a chain of any length. */
    private void visit(int start) {
        Deque<Integer> stack = new ArrayDeque<>(List.of(start));
        while (!stack.isEmpty()) {
            int node = stack.peek();
            if (states[node] == 0) {
                states[node] = OPEN;
                Set<String> reads = new HashSet<>();
                read(nodes.get(node), reads);
                reads.stream()
                        .map(producers::get)
                        .filter(producer -> producer != null && states[producer] == 0)
                        .sorted((a, b) -> Integer.compare(b, a))
                        .forEach(stack::push);
            } else {
                stack.pop();
                if (states[node] == OPEN) {
                    states[node] = DONE;
                    order.add(node);
                }
            }
        }
    }

    private static void read(Node node, Set<String> names) {
        names.addAll(node.inputs());
        names.remove("");
        for (Attribute attribute : node.attributes()) {
            for (Graph body : attribute.graphs()) {
                body.nodes().forEach(inner -> read(inner, names));
                body.outputs().forEach(output -> names.add(output.name()));
            }
        }
    }
}
