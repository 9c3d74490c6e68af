package dev.koine.engine.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads JSON files beside weights; their size, depth and names are bounded before anything is built of them. */
final class JsonFile {
    private static final long LARGEST = 32 << 20;
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxNameLength(4096)
                            .maxNumberLength(100)
                            .maxStringLength(1 << 20)
                            .build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonFile() {}

    /**
     * Reads an object.
     *
     * @param code of the refusal of a file that is none
     */
    static JsonNode object(Path file, RejectionCode code) throws RejectedException, IOException {
        if (Files.size(file) > LARGEST) {
            throw refused(file, code, "has " + Files.size(file) + " bytes, and " + LARGEST + " are the most");
        }
        @Nullable JsonNode root;
        try (InputStream stream = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            root = JSON.readTree(stream);
        } catch (JsonProcessingException e) {
            throw refused(file, code, "is not JSON: " + e.getOriginalMessage());
        } catch (CharConversionException e) {
            throw refused(file, code, "is no text in UTF-8: " + e.getMessage());
        }
        if (root == null || !root.isObject()) {
            throw refused(file, code, "is no JSON object");
        }
        return root;
    }

    private static RejectedException refused(Path file, RejectionCode code, String what) {
        return new RejectedException(
                code, "The file '" + file.getFileName() + "' " + what + ". Save the model again with save_pretrained.");
    }
}
