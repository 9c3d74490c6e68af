package dev.koine.flink.serving.sql;

import dev.koine.flink.serving.ServedModel;
import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.jspecify.annotations.Nullable;

/** Decodes rows beside the task's thread. */
public final class KoineAsyncPredictFunction extends AsyncPredictFunction {
    private static final long serialVersionUID = 1L;

    private final ServingSettings settings;
    private final ModelColumns columns;
    private final int concurrency;
    private transient @Nullable ServedModel model;

    KoineAsyncPredictFunction(ServingSettings settings, ModelColumns columns, int concurrency) {
        this.settings = settings;
        this.columns = columns;
        this.concurrency = concurrency;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        model = ServedModel.open(settings, concurrency, context.getMetricGroup());
    }

    /** What is in the row is taken out of it before this returns: Flink may use the row again. */
    @Override
    public CompletableFuture<Collection<RowData>> asyncPredict(RowData input) {
        ServedModel served = Objects.requireNonNull(model);
        CompletableFuture<Collection<RowData>> rows = new CompletableFuture<>();
        Speech speech;
        try {
            speech = columns.speech(input);
        } catch (RefusedSpeechException e) {
            served.countRefused();
            refuse(rows, e);
            return rows;
        }
        var unused = served.transcribeAside(speech).whenComplete((transcript, failure) -> {
            if (failure == null) {
                rows.complete(List.of(columns.row(transcript)));
            } else if (failure instanceof RefusedSpeechException refused) {
                refuse(rows, refused);
            } else {
                rows.completeExceptionally(failure);
            }
        });
        return rows;
    }

    private void refuse(CompletableFuture<Collection<RowData>> rows, RefusedSpeechException refused) {
        try {
            rows.complete(List.of(columns.row(refused)));
        } catch (RefusedSpeechException e) {
            rows.completeExceptionally(e);
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
