package dev.koine.flink.keyed;

import dev.koine.lifecycle.state.Cell;
import dev.koine.lifecycle.state.Series;
import dev.koine.lifecycle.state.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.function.SupplierWithException;
import org.apache.flink.util.function.ThrowingRunnable;
import org.jspecify.annotations.Nullable;

/** An operator's keyed state, by name; names and types are part of every savepoint. */
public final class KeyedState {
    private final RuntimeContext context;

    public KeyedState(RuntimeContext context) {
        this.context = context;
    }

    public <T> Cell<T> cell(String name, TypeInformation<T> type) {
        ValueState<T> state = context.getState(new ValueStateDescriptor<>(name, type));
        return new Cell<>() {
            @Override
            public @Nullable T get() throws IOException {
                return state.value();
            }

            @Override
            public void set(T value) throws IOException {
                state.update(value);
            }
        };
    }

    public <K, V> Table<K, V> table(String name, TypeInformation<K> keys, TypeInformation<V> values) {
        MapState<K, V> state = context.getMapState(new MapStateDescriptor<>(name, keys, values));
        return new Table<>() {
            @Override
            public @Nullable V get(K key) throws IOException {
                return of(() -> state.get(key));
            }

            @Override
            public void put(K key, V value) throws IOException {
                run(() -> state.put(key, value));
            }

            @Override
            public void remove(K key) throws IOException {
                run(() -> state.remove(key));
            }
        };
    }

    public <T> Series<T> series(String name, TypeInformation<T> type) {
        ListState<T> state = context.getListState(new ListStateDescriptor<>(name, type));
        return new Series<>() {
            @Override
            public List<T> all() throws IOException {
                List<T> values = new ArrayList<>();
                run(() -> state.get().forEach(values::add));
                return values;
            }

            @Override
            public void add(T value) throws IOException {
                run(() -> state.add(value));
            }

            @Override
            public void replace(List<T> values) throws IOException {
                run(() -> state.update(values));
            }
        };
    }

    private static void run(ThrowingRunnable<Exception> access) throws IOException {
        of(() -> {
            access.run();
            return Boolean.TRUE;
        });
    }

    private static <T> T of(SupplierWithException<T, Exception> access) throws IOException {
        try {
            return access.get();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("Flink's state does not answer: " + e.getMessage(), e);
        }
    }
}
