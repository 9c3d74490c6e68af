package dev.koine.flink.serving.sql;

import dev.koine.flink.serving.ServedModel;
import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.util.FlinkRuntimeException;
import org.jspecify.annotations.Nullable;

/** Decodes a row on the task's thread. */
public final class KoinePredictFunction extends PredictFunction {
    private static final long serialVersionUID = 1L;

    private final ServingSettings settings;
    private final ModelColumns columns;
    private transient @Nullable ServedModel model;

    KoinePredictFunction(ServingSettings settings, ModelColumns columns) {
        this.settings = settings;
        this.columns = columns;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        model = ServedModel.open(settings, 1, context.getMetricGroup());
    }

    @Override
    public Collection<RowData> predict(RowData input) {
        ServedModel served = Objects.requireNonNull(model);
        try {
            return List.of(row(served, input));
        } catch (RefusedSpeechException | IOException e) {
            throw new FlinkRuntimeException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FlinkRuntimeException("Interrupted while a row was decoded.", e);
        }
    }

    private RowData row(ServedModel served, RowData input)
            throws RefusedSpeechException, IOException, InterruptedException {
        Speech speech;
        try {
            speech = columns.speech(input);
        } catch (RefusedSpeechException e) {
            served.countRefused();
            return columns.row(e);
        }
        try {
            return columns.row(served.transcribe(speech));
        } catch (RefusedSpeechException e) {
            return columns.row(e);
        }
    }

    /** Another version may serve by the next time. */
    @Override
    public boolean isDeterministic() {
        return false;
    }

    @Override
    public void close() {
        if (model != null) {
            model.close();
            model = null;
        }
    }
}
