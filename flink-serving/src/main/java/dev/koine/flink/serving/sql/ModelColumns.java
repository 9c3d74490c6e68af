package dev.koine.flink.serving.sql;

import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcript;
import dev.koine.speech.Task;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a model are what: rows to speech, transcripts to rows. Columns are known by name, in any order.
 *
 * @param inputs names of the columns of INPUT, in their order
 * @param outputs names of the columns of OUTPUT, in their order
 * @param task what is asked
 * @param language of rows that have none; empty for none
 */
record ModelColumns(List<String> inputs, List<String> outputs, Task task, String language) implements Serializable {
    private static final String FEATURES = "features";
    private static final String FRAMES = "frames";
    private static final String LANGUAGE = "language";
    private static final String TEXT = "text";
    private static final String VERSION = "version";
    private static final String DIGEST = "digest";
    private static final String ERROR = "error";
    private static final String WRITE_INPUT =
            "Write INPUT (features ARRAY<FLOAT>, frames INT, `language` STRING), with its quotes, since SQL"
                    + " has a word like it; language may be left out.";
    private static final String WRITE_OUTPUT =
            "Write OUTPUT (text STRING, version BIGINT, digest STRING, error STRING); all but"
                    + " text may be left out.";

    /** @throws ValidationException if they are not the columns of a model of Koine's */
    static ModelColumns of(ResolvedSchema input, ResolvedSchema output, Task task, String language) {
        Map<String, LogicalType> inputs = types(input, "INPUT", WRITE_INPUT);
        Map<String, LogicalType> outputs = types(output, "OUTPUT", WRITE_OUTPUT);
        inputs.forEach((name, type) -> {
            boolean fits =
                    switch (name) {
                        case FEATURES ->
                            type instanceof ArrayType array
                                    && array.getElementType().is(LogicalTypeRoot.FLOAT);
                        case FRAMES -> type.is(LogicalTypeRoot.INTEGER);
                        case LANGUAGE -> isText(type);
                        default -> throw unknown("INPUT", name, WRITE_INPUT);
                    };
            requireFit(fits, "INPUT", name, type, WRITE_INPUT);
        });
        outputs.forEach((name, type) -> {
            boolean fits =
                    switch (name) {
                        case TEXT, DIGEST, ERROR -> isText(type);
                        case VERSION -> type.is(LogicalTypeRoot.BIGINT);
                        default -> throw unknown("OUTPUT", name, WRITE_OUTPUT);
                    };
            requireFit(fits, "OUTPUT", name, type, WRITE_OUTPUT);
        });
        requireThere(inputs, "INPUT", FEATURES, WRITE_INPUT);
        requireThere(inputs, "INPUT", FRAMES, WRITE_INPUT);
        requireThere(outputs, "OUTPUT", TEXT, WRITE_OUTPUT);
        return new ModelColumns(input.getColumnNames(), output.getColumnNames(), task, language);
    }

    /**
     * The speech of a row.
     *
     * @param row of INPUT's columns
     * @throws RefusedSpeechException if a column lacks what it takes
     */
    Speech speech(RowData row) throws RefusedSpeechException {
        int features = inputs.indexOf(FEATURES);
        int frames = inputs.indexOf(FRAMES);
        int spoken = inputs.indexOf(LANGUAGE);
        if (row.isNullAt(features)) {
            throw new RefusedSpeechException("features is NULL.");
        }
        if (row.isNullAt(frames)) {
            throw new RefusedSpeechException("frames is NULL.");
        }
        boolean hasLanguage = spoken >= 0 && !row.isNullAt(spoken);
        return new Speech(
                floats(row.getArray(features)),
                row.getInt(frames),
                hasLanguage ? row.getString(spoken).toString() : language,
                task);
    }

    private static float[] floats(ArrayData array) throws RefusedSpeechException {
        for (int i = 0; i < array.size(); i++) {
            if (array.isNullAt(i)) {
                throw new RefusedSpeechException("Element " + (i + 1) + " of features is NULL.");
            }
        }
        return array.toFloatArray();
    }

    /** A row of OUTPUT's columns. */
    RowData row(Transcript transcript) {
        GenericRowData row = new GenericRowData(outputs.size());
        set(row, TEXT, StringData.fromString(transcript.text()));
        set(row, VERSION, transcript.version());
        set(row, DIGEST, StringData.fromString(transcript.digest()));
        return row;
    }

    /**
     * The row of speech that was refused: the reason in {@code error}, all else NULL.
     *
     * @throws RefusedSpeechException if OUTPUT has no such column
     */
    RowData row(RefusedSpeechException refused) throws RefusedSpeechException {
        if (!outputs.contains(ERROR)) {
            RefusedSpeechException ends = new RefusedSpeechException(
                    refused.getMessage()
                            + " For the reason in a column, instead of an end to the query, add error STRING to the model's OUTPUT.");
            ends.addSuppressed(refused);
            throw ends;
        }
        GenericRowData row = new GenericRowData(outputs.size());
        set(row, ERROR, StringData.fromString(refused.getMessage()));
        return row;
    }

    private void set(GenericRowData row, String column, @Nullable Object value) {
        int index = outputs.indexOf(column);
        if (index >= 0) {
            row.setField(index, value);
        }
    }

    private static Map<String, LogicalType> types(ResolvedSchema schema, String where, String write) {
        Map<String, LogicalType> types = new HashMap<>();
        for (Column column : schema.getColumns()) {
            if (!column.isPhysical()) {
                throw new ValidationException(
                        where + "'s column " + column.getName() + " is computed or metadata. " + write);
            }
            types.put(column.getName(), column.getDataType().getLogicalType());
        }
        return types;
    }

    private static boolean isText(LogicalType type) {
        return type.is(LogicalTypeRoot.VARCHAR) || type.is(LogicalTypeRoot.CHAR);
    }

    private static ValidationException unknown(String where, String name, String write) {
        return new ValidationException(
                where + " has a column " + name + ", which a model of Koine's has not. " + write);
    }

    private static void requireFit(boolean fits, String where, String name, LogicalType type, String write) {
        if (!fits) {
            throw new ValidationException(where + "'s column " + name + " is " + type.asSummaryString() + ". " + write);
        }
    }

    private static void requireThere(Map<String, LogicalType> types, String where, String name, String write) {
        if (!types.containsKey(name)) {
            throw new ValidationException(where + " has no column " + name + ". " + write);
        }
    }
}
