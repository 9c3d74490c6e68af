package dev.koine.beam.schema;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.jspecify.annotations.Nullable;

/** Fields of rows that other languages made: there or not, and numbers in whatever width these have. */
final class Rows {
    private Rows() {}

    /**
     * Requires fields, when the pipeline is built.
     *
     * @throws IllegalArgumentException if one is missing
     */
    static void require(String transform, PCollection<Row> rows, String... names) {
        Schema schema = rows.getSchema();
        for (String name : names) {
            if (!schema.hasField(name)) {
                throw new IllegalArgumentException("The rows that come into " + transform + " have the fields "
                        + schema.getFieldNames() + " and no '" + name + "'. Rename or add it, as with MapToFields.");
            }
        }
    }

    private static @Nullable Object value(Row row, String name) {
        return row.getSchema().hasField(name) ? row.getValue(name) : null;
    }

    /** Empty where there is none. */
    static String text(Row row, String name) {
        @Nullable Object value = value(row, name);
        return value == null ? "" : value.toString();
    }

    static double real(Row row, String name, double absent) {
        return value(row, name) instanceof Number number ? number.doubleValue() : absent;
    }

    static long whole(Row row, String name, long absent) {
        return value(row, name) instanceof Number number ? number.longValue() : absent;
    }

    /** Empty where there are none. */
    static List<String> texts(Row row, String name) {
        List<String> texts = new ArrayList<>();
        if (value(row, name) instanceof Iterable<?> values) {
            values.forEach(each -> texts.add(String.valueOf(each)));
        }
        return texts;
    }

    /** Empty where there are none; not a number for what is none. */
    static float[] reals(Row row, String name) {
        List<Float> reals = new ArrayList<>();
        if (value(row, name) instanceof Iterable<?> values) {
            values.forEach(each -> reals.add(each instanceof Number number ? number.floatValue() : Float.NaN));
        }
        float[] array = new float[reals.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = reals.get(i);
        }
        return array;
    }
}
