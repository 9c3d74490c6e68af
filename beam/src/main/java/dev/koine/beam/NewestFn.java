package dev.koine.beam;

import dev.koine.schemas.ModelUpdate;
import java.util.HashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderRegistry;
import org.apache.beam.sdk.coders.MapCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.Combine;

/** The newest update of each model. Versions of a model are gapless and never given twice, so the order of arrival plays no part. */
final class NewestFn extends Combine.CombineFn<ModelUpdate, Map<String, ModelUpdate>, Map<String, ModelUpdate>> {
    private static final long serialVersionUID = 1L;

    @Override
    public Map<String, ModelUpdate> createAccumulator() {
        return new HashMap<>();
    }

    @Override
    public Map<String, ModelUpdate> addInput(Map<String, ModelUpdate> newest, ModelUpdate update) {
        newest.merge(
                update.getModelId(), update, (known, other) -> other.getVersion() > known.getVersion() ? other : known);
        return newest;
    }

    @Override
    public Map<String, ModelUpdate> mergeAccumulators(Iterable<Map<String, ModelUpdate>> all) {
        Map<String, ModelUpdate> newest = new HashMap<>();
        all.forEach(some -> some.values().forEach(update -> addInput(newest, update)));
        return newest;
    }

    @Override
    public Map<String, ModelUpdate> extractOutput(Map<String, ModelUpdate> newest) {
        return newest;
    }

    @Override
    public Coder<Map<String, ModelUpdate>> getAccumulatorCoder(CoderRegistry registry, Coder<ModelUpdate> input) {
        return MapCoder.of(StringUtf8Coder.of(), input);
    }

    @Override
    public Coder<Map<String, ModelUpdate>> getDefaultOutputCoder(CoderRegistry registry, Coder<ModelUpdate> input) {
        return getAccumulatorCoder(registry, input);
    }
}
