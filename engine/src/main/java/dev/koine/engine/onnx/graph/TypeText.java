package dev.koine.engine.onnx.graph;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.wire.CanonicalText;
import dev.koine.engine.onnx.wire.WireMessage;
import dev.koine.engine.onnx.wire.WireSource;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.HexFormat;

/** The type of a value ({@code TypeProto}) as one canonical text; see {@link ValueInfo#type()}. */
final class TypeText {
    private static final int DEEPEST = 8;

    private TypeText() {}

    static String of(WireMessage message, WireSource source) throws RejectedException, IOException {
        return type(message, source, 1);
    }

    private static String type(WireMessage message, WireSource source, int depth)
            throws RejectedException, IOException {
        if (depth > DEEPEST) {
            throw message.broken("a type is nested more than " + DEEPEST + " deep");
        }
        StringBuilder text = new StringBuilder();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> text.append("tensor").append(body(message.message(), source, depth, false));
                case 8 -> text.append("sparse").append(body(message.message(), source, depth, false));
                case 4 -> text.append("sequence").append(body(message.message(), source, depth, true));
                case 5 -> text.append("map").append(map(message.message(), source, depth));
                case 7 -> {
                    MessageDigest opaque = CanonicalText.sha256();
                    message.digest(opaque);
                    text.append("opaque(")
                            .append(HexFormat.of().formatHex(opaque.digest()))
                            .append(')');
                }
                case 9 -> text.append("optional").append(body(message.message(), source, depth, true));
                default -> {}
            }
        }
        return text.toString();
    }

    private static String body(WireMessage message, WireSource source, int depth, boolean isNested)
            throws RejectedException, IOException {
        StringBuilder text = new StringBuilder();
        while (message.next()) {
            if (message.field() == 1) {
                text.append('(')
                        .append(isNested ? type(message.message(), source, depth + 1) : element(message.number()))
                        .append(')');
            } else if (message.field() == 2 && !isNested) {
                text.append(shape(message.message(), source));
            }
        }
        return text.toString();
    }

    /** By name, as messages show it; a type that is not known here by its number. */
    private static String element(long code) {
        ElementType type = code == (int) code ? ElementType.ofOnnxCode((int) code) : ElementType.OTHER;
        return type == ElementType.OTHER ? Long.toString(code) : type.toString();
    }

    private static String map(WireMessage message, WireSource source, int depth) throws RejectedException, IOException {
        StringBuilder text = new StringBuilder();
        while (message.next()) {
            switch (message.field()) {
                case 1 -> text.append('(').append(element(message.number())).append(')');
                case 2 ->
                    text.append('(')
                            .append(type(message.message(), source, depth + 1))
                            .append(')');
                default -> {}
            }
        }
        return text.toString();
    }

    private static String shape(WireMessage message, WireSource source) throws RejectedException, IOException {
        StringBuilder text = new StringBuilder("[");
        while (message.next()) {
            if (message.field() == 1) {
                source.spend(24);
                text.append(text.length() > 1 ? "," : "").append(dimension(message.message()));
            }
        }
        return text.append(']').toString();
    }

    private static String dimension(WireMessage message) throws RejectedException, IOException {
        String dimension = "?";
        while (message.next()) {
            if (message.field() == 1) {
                dimension = Long.toString(message.number());
            }
        }
        return dimension;
    }
}
