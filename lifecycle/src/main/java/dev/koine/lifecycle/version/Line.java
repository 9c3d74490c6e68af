package dev.koine.lifecycle.version;

import dev.koine.schemas.ModelUpdate;

/** The first and the newest version of a model. */
public record Line(ModelUpdate first, ModelUpdate newest) {
    public String modelId() {
        return first.getModelId();
    }
}
