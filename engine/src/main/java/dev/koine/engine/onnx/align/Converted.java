package dev.koine.engine.onnx.align;

import dev.koine.engine.onnx.graph.Node;
import dev.koine.engine.onnx.graph.ValueInfo;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a message adds where base and expert differ as a model and its conversion to another float type do. */
final class Converted {
    private static final Pattern FLOATS = Pattern.compile("\\((FLOAT|FLOAT16|BFLOAT16|DOUBLE)\\)");
    private static final String CAST = "Cast";

    private Converted() {}

    /** Of inputs or outputs; empty if they differ in more than the type of their floats. */
    static String advice(List<ValueInfo> ours, List<ValueInfo> theirs) {
        for (int i = 0; i < ours.size() && ours.size() == theirs.size(); i++) {
            String base = ours.get(i).type();
            String expert = theirs.get(i).type();
            Matcher from = FLOATS.matcher(base);
            Matcher to = FLOATS.matcher(expert);
            if (!base.equals(expert)
                    && from.find()
                    && to.find()
                    && from.replaceAll("").equals(to.replaceAll(""))) {
                from.reset().find();
                to.reset().find();
                return advice(from.group(1), to.group(1));
            }
        }
        return "";
    }

    /** Of tensors. */
    static String advice(String base, String expert) {
        return "the expert was converted to " + expert + ". Export it in " + base + ", or register the " + expert
                + " model as a base of its own.";
    }

    /** Of operators; empty unless one is a Cast and the other is not. */
    static String hint(Node ours, Node theirs) {
        boolean isCast = CAST.equals(ours.opType()) != CAST.equals(theirs.opType());
        return isCast ? ". A conversion to half precision adds such Casts: export both in one type" : "";
    }
}
