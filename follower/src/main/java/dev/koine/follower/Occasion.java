package dev.koine.follower;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * What the link leads to now, and why.
 *
 * @param failure why a newer version was given up for this one, in a sentence; null where this one is the newer
 */
public record Occasion(Placed version, @Nullable String failure) {
    private static final JsonMapper JSON = new JsonMapper();

    /** What a receiver knows it by, the same at every try: {@code <model>/<version>/<digest>}, and {@code /back} where it is gone back to. */
    public String id() {
        return version.update().getModelId() + "/" + version.version() + "/"
                + version.update().getDigest() + (failure == null ? "" : "/back");
    }

    /** {@code version.current}, or {@code version.back} where it is gone back to. */
    public String type() {
        return failure == null ? "version.current" : "version.back";
    }

    /**
     * What is told of it: type, id, model, version, digest, folder, failure, and under {@code update} the announcement as {@code koine
     * history --json} writes it.
     */
    public String json() {
        ObjectNode told = JSON.createObjectNode()
                .put("type", type())
                .put("id", id())
                .put("model", version.update().getModelId())
                .put("version", version.version())
                .put("digest", version.update().getDigest())
                .put("folder", version.directory().toString())
                .put("failure", failure);
        try {
            told.set("update", JSON.readTree(version.update().toString()));
            return JSON.writeValueAsString(told);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("An update cannot be written as JSON: " + e.getMessage(), e);
        }
    }
}
