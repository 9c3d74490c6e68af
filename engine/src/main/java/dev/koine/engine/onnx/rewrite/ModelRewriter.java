package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.wire.HeapBudget;
import dev.koine.engine.onnx.wire.MessageBytes;
import dev.koine.engine.onnx.wire.SplicedCopy;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wire.WireSource;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a copy of a model file with another graph. What is not edited keeps its bytes, weights above all, which are copied from file to file
 * and never on the heap; the same edit gives the same bytes. The numbers of fields are those of onnx.proto.
 */
public final class ModelRewriter {
    private final ModelEdit edit;
    private int applied;

    private ModelRewriter(ModelEdit edit) {
        this.edit = edit;
    }

    /**
     * Writes the copy.
     *
     * @param target a new file
     * @throws IllegalArgumentException if a node that is edited is not in the file
     */
    public static void write(Path source, ModelEdit edit, Path target) throws IOException {
        ModelRewriter rewriter = new ModelRewriter(edit);
        SplicedCopy copy = new SplicedCopy();
        try (WireSource bytes = WireSource.open(String.valueOf(source.getFileName()), source, new HeapBudget())) {
            rewriter.model(bytes.root(), copy);
        } catch (RejectedException e) {
            throw new IOException("The file " + source + " has changed since it was indexed.", e);
        }
        if (rewriter.applied != edit.size()) {
            throw new IllegalArgumentException(
                    source + " has " + rewriter.applied + " of the " + edit.size() + " nodes that are edited.");
        }
        try (FileChannel in = FileChannel.open(source, StandardOpenOption.READ);
                FileChannel out = FileChannel.open(target, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            copy.writeTo(in, out);
        }
    }

    private void model(WireMessage model, SplicedCopy copy) throws RejectedException, IOException {
        for (long begin = model.position(); model.next(); begin = model.position()) {
            if (model.field() == 7) {
                SplicedCopy graph = new SplicedCopy();
                graph(model.message(), "", graph);
                additions(graph);
                copy.message(7, graph);
            } else {
                copy.range(begin, model.position());
            }
        }
        edit.metadata()
                .forEach((key, value) -> copy.bytes(new MessageBytes()
                        .message(14, NewTensor.entry(key, value))
                        .toBytes()));
    }

    private void additions(SplicedCopy graph) {
        for (NewTensor tensor : edit.tensors()) {
            graph.bytes(new MessageBytes().bytes(5, tensor.toBytes()).toBytes());
        }
        for (Map.Entry<String, Integer> input : edit.inputs().entrySet()) {
            MessageBytes shape = new MessageBytes();
            for (int axis = 0; axis < input.getValue(); axis++) {
                shape.message(1, new MessageBytes().text(2, input.getKey() + "_" + axis));
            }
            MessageBytes tensor =
                    new MessageBytes().number(1, ElementType.INT64.onnxCode()).message(2, shape);
            MessageBytes value =
                    new MessageBytes().text(1, input.getKey()).message(2, new MessageBytes().message(1, tensor));
            graph.bytes(new MessageBytes().message(11, value).toBytes());
        }
    }

    private void graph(WireMessage graph, String path, SplicedCopy copy) throws RejectedException, IOException {
        int index = 0;
        for (long begin = graph.position(); graph.next(); begin = graph.position()) {
            if (graph.field() != 1) {
                copy.range(begin, graph.position());
                continue;
            }
            @Nullable NodeEdit change = edit.find(path, index);
            String inner = path + "#" + index + ".";
            if (change == null && !edit.reaches(inner)) {
                copy.range(begin, graph.position());
            } else {
                applied += change == null ? 0 : 1;
                node(graph.message(), change, inner, copy);
            }
            index++;
        }
    }

    private void node(WireMessage node, @Nullable NodeEdit change, String path, SplicedCopy copy)
            throws RejectedException, IOException {
        SplicedCopy changed = new SplicedCopy();
        if (change != null) {
            change.before().forEach(added -> copy.bytes(field(added)));
            change.inputs()
                    .forEach(input ->
                            changed.bytes(new MessageBytes().text(1, input).toBytes()));
            change.outputs()
                    .forEach(output ->
                            changed.bytes(new MessageBytes().text(2, output).toBytes()));
        }
        for (long begin = node.position(); node.next(); begin = node.position()) {
            boolean isNamed = change != null && (node.field() == 1 || node.field() == 2);
            if (node.field() == 5) {
                attribute(node, begin, path, changed);
            } else if (!isNamed) {
                changed.range(begin, node.position());
            }
        }
        copy.message(1, changed);
        if (change != null) {
            change.behind().forEach(added -> copy.bytes(field(added)));
        }
    }

    private static byte[] field(NewNode node) {
        return new MessageBytes().bytes(1, node.toBytes()).toBytes();
    }

    private void attribute(WireMessage node, long begin, String path, SplicedCopy copy)
            throws RejectedException, IOException {
        String name = "";
        WireMessage attribute = node.message();
        while (attribute.next()) {
            name = attribute.field() == 1 ? attribute.text() : name;
        }
        if (!edit.reaches(path + name)) {
            copy.range(begin, node.position());
            return;
        }
        SplicedCopy changed = new SplicedCopy();
        WireMessage again = attribute.again();
        int graphs = 0;
        for (long from = again.position(); again.next(); from = again.position()) {
            if (again.field() == 6 || again.field() == 11) {
                SplicedCopy graph = new SplicedCopy();
                graph(again.message(), path + name + (graphs == 0 ? "" : "." + graphs) + "/", graph);
                changed.message(again.field(), graph);
                graphs++;
            } else {
                changed.range(from, again.position());
            }
        }
        copy.message(5, changed);
    }
}
