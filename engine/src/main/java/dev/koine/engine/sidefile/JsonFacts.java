package dev.koine.engine.sidefile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a JSON side file as a stream of scalars, each with the names above it, and keeps those that have a meaning. Holds no tree; depth,
 * texts and numbers are bounded.
 */
final class JsonFacts {
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(64)
                    .maxNameLength(1 << 16)
                    .maxNumberLength(100)
                    .maxStringLength(1 << 22)
                    .build())
            .build();

    private JsonFacts() {}

    /** What a file says; empty if it is not JSON, or says too much. */
    static Optional<Facts> read(Path file, Contents contents) throws IOException {
        JsonRules rules = new JsonRules(contents);
        try (InputStream stream = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
                JsonParser parser = JSON.createParser(stream)) {
            return walk(parser, rules) ? Optional.of(rules.facts()) : Optional.empty();
        } catch (JsonProcessingException | CharConversionException e) {
            return Optional.empty();
        }
    }

    private static boolean walk(JsonParser parser, JsonRules rules) throws IOException {
        List<String> path = new ArrayList<>();
        List<Integer> indexes = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
            int last = path.size() - 1;
            if (token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY) {
                path.remove(last);
                indexes.remove(last);
            } else if (token == JsonToken.FIELD_NAME) {
                path.set(last, parser.currentName());
            } else {
                if (last >= 0 && indexes.get(last) >= 0) {
                    path.set(last, Integer.toString(indexes.get(last)));
                    indexes.set(last, indexes.get(last) + 1);
                }
                if (token.isStructStart()) {
                    path.add("");
                    indexes.add(token == JsonToken.START_ARRAY ? 0 : -1);
                } else if (token != JsonToken.VALUE_NULL
                        && rules.wants(path)
                        && !rules.take(path, text(parser, token))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Numbers are the same however they are written. */
    private static String text(JsonParser parser, JsonToken token) throws IOException {
        String text = parser.getText();
        if (!token.isNumeric()) {
            return text;
        }
        try {
            BigDecimal number = new BigDecimal(text);
            return number.signum() == 0 ? "0" : number.scale() == 0 ? text : plain(number);
        } catch (NumberFormatException e) {
            return text;
        }
    }

    private static String plain(BigDecimal number) {
        BigDecimal stripped = number.stripTrailingZeros();
        return stripped.scale() <= 0 && stripped.scale() > -18 ? stripped.toPlainString() : stripped.toString();
    }
}
