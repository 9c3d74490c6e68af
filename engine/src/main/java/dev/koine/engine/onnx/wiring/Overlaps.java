package dev.koine.engine.onnx.wiring;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Function;
import dev.koine.engine.onnx.graph.Graph;
import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Refuses tensors that share some of their bytes: one tensor could not change without the other. Sharing all of them is allowed. */
public final class Overlaps {
    private Overlaps() {}

    public static void refuse(List<Wiring> wirings) throws RejectedException {
        Map<Path, List<TensorInfo>> byFile = new HashMap<>();
        for (Wiring wiring : wirings) {
            collect(wiring.model().graph(), byFile);
            for (Function function : wiring.model().functions().values()) {
                collect(function.body(), byFile);
                function.defaults().values().forEach(attribute -> collect(attribute, byFile));
            }
        }
        for (List<TensorInfo> tensors : byFile.values()) {
            tensors.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::length));
            for (int i = 1; i < tensors.size(); i++) {
                TensorInfo before = tensors.get(i - 1);
                TensorInfo after = tensors.get(i);
                boolean isSame = TensorBytes.isSameRange(before, after)
                        && before.type() == after.type()
                        && before.shape().equals(after.shape());
                if (!isSame && after.offset() < before.offset() + before.length()) {
                    throw WireMessage.notOnnx(
                            after.file().getFileName().toString(),
                            "the tensors '" + Quote.of(before.name()) + "' and '" + Quote.of(after.name())
                                    + "' share some of their bytes");
                }
            }
        }
    }

    private static void collect(Graph graph, Map<Path, List<TensorInfo>> byFile) {
        graph.initializers().forEach(tensor -> add(tensor, byFile));
        for (Node node : graph.nodes()) {
            node.attributes().forEach(attribute -> collect(attribute, byFile));
        }
    }

    private static void collect(Attribute attribute, Map<Path, List<TensorInfo>> byFile) {
        attribute.tensors().forEach(tensor -> add(tensor, byFile));
        attribute.graphs().forEach(inner -> collect(inner, byFile));
    }

    private static void add(StoredTensor tensor, Map<Path, List<TensorInfo>> byFile) {
        TensorInfo info = tensor.info();
        if (info.length() > 0) {
            byFile.computeIfAbsent(info.file(), file -> new ArrayList<>()).add(info);
        }
    }
}
