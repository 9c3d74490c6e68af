package dev.koine.flink.serving.sql;

import dev.koine.serving.ServingSettings;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.ml.PredictRuntimeProvider;

/** A model that is decoded in the TaskManagers, one row at a time or several. */
final class KoineModelProvider implements PredictRuntimeProvider, AsyncPredictRuntimeProvider {
    private final ServingSettings settings;
    private final ModelColumns columns;
    private final int concurrency;

    KoineModelProvider(ServingSettings settings, ModelColumns columns, int concurrency) {
        this.settings = settings;
        this.columns = columns;
        this.concurrency = concurrency;
    }

    ServingSettings settings() {
        return settings;
    }

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
