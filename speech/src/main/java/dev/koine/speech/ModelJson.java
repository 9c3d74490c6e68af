package dev.koine.speech;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One JSON file of a bundle, asked for fields that have to be there. */
final class ModelJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MOST_BYTES = 64L << 20;
    private static final int LARGEST_INDEX = (1 << 24) - 1;
    private static final int LONGEST_QUOTE = 100;

    private static final Set<FileKind> NO_JSON = EnumSet.of(FileKind.EMPTY, FileKind.LFS_POINTER, FileKind.HTML);

    private final String name;
    private final JsonNode root;

    private ModelJson(String name, JsonNode root) {
        this.name = name;
        this.root = root;
    }

    static ModelJson read(Path directory, String name) throws IOException, RejectedException {
        try {
            Path file = directory.resolve(name);
            if (Files.size(file) > MOST_BYTES) {
                throw new RejectedException(
                        RejectionCode.TOO_LARGE,
                        name + " has " + Files.size(file) + " bytes, and " + MOST_BYTES
                                + " are the most. Is it the right file?");
            }
            Optional<FileKind> kind = FileKind.of(file).filter(NO_JSON::contains);
            if (kind.isPresent()) {
                throw rejected("The file '" + name + "' " + kind.get().what() + ". "
                        + kind.get().advice() + ".");
            }
            return parse(name, Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new RejectedException(
                    RejectionCode.MISSING_FILE, "The bundle has no " + name + ". Export the model together with it.");
        }
    }

    private static ModelJson parse(String name, byte[] bytes) throws RejectedException {
        try {
            JsonNode root = JSON.readTree(bytes);
            if (!root.isObject()) {
                throw rejected(name + " is not a JSON object.");
            }
            return new ModelJson(name, root);
        } catch (JsonProcessingException e) {
            throw rejected(name + " is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw rejected(name + " is no text in UTF-8: " + e.getMessage());
        }
    }

    boolean has(String field) {
        return root.hasNonNull(field);
    }

    String text(String field) throws RejectedException {
        JsonNode node = root.path(field);
        if (!node.isTextual()) {
            throw lacks(field, "a text");
        }
        return node.textValue();
    }

    /** A number of a token, a frame or the like: from 0 up to 16 million. */
    int index(String field) throws RejectedException {
        return index(field, root.path(field));
    }

    private int index(String field, JsonNode node) throws RejectedException {
        if (!node.canConvertToInt()
                || !node.isIntegralNumber()
                || node.intValue() < 0
                || node.intValue() > LARGEST_INDEX) {
            throw lacks(field, "a whole number from 0 to " + LARGEST_INDEX);
        }
        return node.intValue();
    }

    float number(String field) throws RejectedException {
        JsonNode node = root.path(field);
        if (!node.isNumber()) {
            throw lacks(field, "a number");
        }
        return node.floatValue();
    }

    /** One number or a list of them, as a set; empty where the field is missing or null. */
    BitSet integers(String field) throws RejectedException {
        BitSet values = new BitSet();
        if (!has(field)) {
            return values;
        }
        JsonNode node = root.path(field);
        for (JsonNode element : node.isArray() ? node : JSON.createArrayNode().add(node)) {
            values.set(index(field, element));
        }
        return values;
    }

    /** The fields of an object as numbers; empty where the object is missing. */
    Map<String, Integer> table(String field) throws RejectedException {
        return numbers(root.path(field), field);
    }

    /** The fields of the whole file as numbers. */
    Map<String, Integer> table() throws RejectedException {
        return numbers(root, "the object");
    }

    static RejectedException rejected(String message) {
        return new RejectedException(RejectionCode.NOT_LOADABLE, message);
    }

    private Map<String, Integer> numbers(JsonNode object, String field) throws RejectedException {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            if (!entry.getValue().canConvertToInt() || !entry.getValue().isIntegralNumber()) {
                throw lacks(field + "." + entry.getKey(), "a whole number");
            }
            numbers.put(entry.getKey(), entry.getValue().intValue());
        }
        return numbers;
    }

    private RejectedException lacks(String field, String kind) {
        return rejected(name + " should have " + kind + " at '" + field + "' but has " + quoted(root.path(field))
                + ". Take the file that the model was exported with.");
    }

    private static String quoted(JsonNode node) {
        String text = node.toString();
        return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
    }
}
