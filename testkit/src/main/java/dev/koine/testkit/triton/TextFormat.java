package dev.koine.testkit.triton;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads protobuf's text format as far as a model's configuration needs it; what else is there is an error. Values are Long, String, words, and messages. */
final class TextFormat {
    private static final Pattern TOKEN = Pattern.compile(
            "\\s*(?:#[^\\n]*\\n\\s*)*(\"[^\"\\\\\\n]*\"|[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+|[\\[\\]{}:,]|$)");

    /** A message: the values of each field, in their order. */
    record Message(Map<String, List<Object>> fields) {
        Object one(String field) {
            List<Object> values = fields.getOrDefault(field, List.of());
            if (values.size() != 1) {
                throw new IllegalArgumentException("the field " + field + " is there " + values.size() + " times");
            }
            return values.get(0);
        }

        List<Object> all(String field) {
            return fields.getOrDefault(field, List.of());
        }

        void requireOnly(String... known) {
            for (String field : fields.keySet()) {
                if (!List.of(known).contains(field)) {
                    throw new IllegalArgumentException("there is no field " + field + " here");
                }
            }
        }
    }

    /** A word without quotation marks, such as TYPE_FP32. */
    record Word(String text) {}

    private final Matcher matcher;
    private String token = "";
    private int end;

    private TextFormat(String text) {
        this.matcher = TOKEN.matcher(text);
        advance();
    }

    static Message parse(String text) {
        TextFormat parser = new TextFormat(text);
        return parser.message("");
    }

    private void advance() {
        if (!matcher.find() || (matcher.start() != 0 && matcher.start() != end)) {
            throw new IllegalArgumentException("what follows '" + token + "' is no token");
        }
        end = matcher.end();
        token = matcher.group(1);
    }

    private Message message(String until) {
        Map<String, List<Object>> fields = new LinkedHashMap<>();
        while (!token.equals(until)) {
            String field = token;
            if (!field.matches("[a-z_]+")) {
                throw new IllegalArgumentException("'" + field + "' stands where a field has to");
            }
            advance();
            boolean hasColon = token.equals(":");
            if (hasColon) {
                advance();
            }
            List<Object> values = fields.computeIfAbsent(field, name -> new ArrayList<>());
            if (token.equals("[")) {
                list(values, hasColon);
            } else {
                values.add(value(hasColon));
            }
        }
        return new Message(fields);
    }

    private void list(List<Object> values, boolean hasColon) {
        advance();
        while (!token.equals("]")) {
            values.add(value(hasColon));
            if (token.equals(",")) {
                advance();
                if (token.equals("]")) {
                    throw new IllegalArgumentException("a list ends with a comma");
                }
            } else if (!token.equals("]")) {
                throw new IllegalArgumentException("'" + token + "' stands in a list without a comma");
            }
        }
        advance();
    }

    private Object value(boolean hasColon) {
        if (token.equals("{")) {
            advance();
            Message message = message("}");
            advance();
            return message;
        }
        if (!hasColon || token.isEmpty()) {
            throw new IllegalArgumentException("a colon is missing before '" + token + "'");
        }
        String read = token;
        advance();
        if (read.startsWith("\"")) {
            return read.substring(1, read.length() - 1);
        }
        if (read.matches("-?[0-9]+")) {
            return Long.valueOf(read);
        }
        if (!read.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            throw new IllegalArgumentException("'" + read + "' stands where a value has to");
        }
        return new Word(read);
    }
}
