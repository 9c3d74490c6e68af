package dev.koine.sim.job;

import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Series;
import dev.koine.lifecycle.state.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The keyed state of one model in one operator, by name, as Flink keeps it. */
final class ModelState {
    private final Map<String, Object> cells = new TreeMap<>();
    private final Map<String, Map<Object, Object>> tables = new TreeMap<>();
    private final Map<String, List<Object>> series = new TreeMap<>();

    /** As a checkpoint has it: nothing is shared. */
    ModelState copy() {
        ModelState copy = new ModelState();
        cells.forEach((name, value) -> copy.cells.put(name, copy(value)));
        tables.forEach((name, values) -> {
            Map<Object, Object> copied = new TreeMap<>();
            values.forEach((key, value) -> copied.put(key, copy(value)));
            copy.tables.put(name, copied);
        });
        series.forEach((name, values) -> copy.series.put(
                name, new ArrayList<>(values.stream().map(ModelState::copy).toList())));
        return copy;
    }

    /** Takes one of the series out. */
    void forget(String name) {
        series.remove(name);
    }

    @SuppressWarnings("unchecked")
    static <T> T copy(T value) {
        return value instanceof SpecificRecord record
                ? (T) SpecificData.getForSchema(record.getSchema()).deepCopy(record.getSchema(), record)
                : value;
    }

    /**
     * A cell of whichever model is the current one.
     *
     * @param current state of that model
     */
    @SuppressWarnings("unchecked")
    static <T> Cell<T> cell(String name, Supplier<ModelState> current) {
        return new Cell<>() {
            @Override
            public @Nullable T get() {
                return (T) current.get().cells.get(name);
            }

            @Override
            public void set(T value) {
                current.get().cells.put(name, value);
            }
        };
    }

    /** As {@link #cell}, a table. */
    @SuppressWarnings("unchecked")
    static <K, V> Table<K, V> table(String name, Supplier<ModelState> current) {
        return new Table<>() {
            private Map<Object, Object> values() {
                return current.get().tables.computeIfAbsent(name, key -> new TreeMap<>());
            }

            @Override
            public @Nullable V get(K key) {
                return (V) values().get(key);
            }

            @Override
            public void put(K key, V value) {
                values().put(key, value);
            }

            @Override
            public void remove(K key) {
                values().remove(key);
            }
        };
    }

    /** As {@link #cell}, a series. */
    @SuppressWarnings("unchecked")
    static <T> Series<T> series(String name, Supplier<ModelState> current) {
        return new Series<>() {
            private List<Object> values() {
                return current.get().series.computeIfAbsent(name, key -> new ArrayList<>());
            }

            @Override
            public List<T> all() {
                return new ArrayList<>((List<T>) values());
            }

            @Override
            public void add(T value) {
                values().add(value);
            }

            @Override
            public void replace(List<T> replacement) {
                values().clear();
                values().addAll(replacement);
            }
        };
    }
}
