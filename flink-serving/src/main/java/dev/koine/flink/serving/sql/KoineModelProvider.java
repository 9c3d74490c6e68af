package dev.koine.flink.serving.sql;

import dev.koine.serving.ServingSettings;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.ml.PredictRuntimeProvider;

/**
 * A model that is decoded in the TaskManagers, one row at a time or several.
 *
 * @param settings of the model
 * @param columns that it has in SQL
 * @param concurrency rows that each parallel instance decodes at a time, in asynchronous mode
 */
record KoineModelProvider(ServingSettings settings, ModelColumns columns, int concurrency)
        implements PredictRuntimeProvider, AsyncPredictRuntimeProvider {
    @Override
    public PredictFunction createPredictFunction(Context context) {
        return new KoinePredictFunction(settings, columns);
    }

    @Override
    public AsyncPredictFunction createAsyncPredictFunction(Context context) {
        return new KoineAsyncPredictFunction(settings, columns, concurrency);
    }

    @Override
    public ModelProvider copy() {
        return new KoineModelProvider(settings, columns, concurrency);
    }
}
