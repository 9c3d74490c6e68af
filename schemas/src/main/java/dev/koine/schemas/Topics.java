package dev.koine.schemas;

import java.io.Serializable;

/**
 * The names of the merge job's topics.
 *
 * @param models registrations, keyed by model id, compacted
 * @param experts expert events, keyed by model id
 * @param updates the inference topic: new versions, keyed by model id, compacted
 * @param rejections refused events, keyed by model id
 */
public record Topics(String models, String experts, String updates, String rejections) implements Serializable {
    public static final Topics DEFAULT =
            new Topics("koine.models", "koine.experts", "koine.updates", "koine.rejections");

    /** What services report on, keyed by model id, a slash and the service's name, compacted. The merge job does not know it. */
    public static final String SERVICES = "koine.services";

    /** The files of versions in chunks, keyed by SHA-256, a slash and the chunk's number, compacted. The merge job does not know it. */
    public static final String ARTIFACTS = "koine.artifacts";
}
