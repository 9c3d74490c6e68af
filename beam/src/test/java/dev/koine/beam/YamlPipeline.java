package dev.koine.beam;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/**
 * Runs a file of Beam YAML in Java, as far as the examples need it: its providers' transforms by their identifiers, with the configuration
 * that the file gives; {@code Create} makes rows, {@code WriteToJson} collects them, and what Python maps between them stays as it is. Beam's own reader
 * of such files is Python.
 */
final class YamlPipeline {
    private final Map<String, Object> file;
    private final Map<String, Collected<Row>> written = new HashMap<>();

    YamlPipeline(Path path, Map<String, String> variables) throws IOException {
        String text = Files.readString(path);
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            text = text.replace("{{ " + variable.getKey() + " }}", variable.getValue());
        }
        file = new Yaml().load(text);
    }

    /** The rows that come to each {@code WriteToJson}, by its name. */
    Map<String, List<Row>> run(Pipeline pipeline) {
        Map<String, Object> body = map(file, "pipeline");
        boolean isChain = "chain".equals(body.get("type"));
        Map<String, PCollection<Row>> outputs = new HashMap<>();
        String previous = "";
        for (Object each : list(body, "transforms")) {
            Map<String, Object> transform = map(each);
            String name = transform.getOrDefault("name", get(transform, "type")).toString();
            String input =
                    isChain ? previous : transform.getOrDefault("input", "").toString();
            apply(pipeline, name, transform, outputs.get(input), outputs);
            previous = name;
        }
        pipeline.run().waitUntilFinish();
        Map<String, List<Row>> rows = new HashMap<>();
        written.forEach((name, collected) -> rows.put(name, collected.all()));
        return rows;
    }

    private void apply(
            Pipeline pipeline,
            String name,
            Map<String, Object> transform,
            @Nullable PCollection<Row> input,
            Map<String, PCollection<Row>> outputs) {
        String type = get(transform, "type").toString();
        Map<String, Object> config = map(transform, "config");
        if (type.equals("Create")) {
            outputs.put(name, pipeline.apply(name, create(list(config, "elements"))));
        } else if (type.equals("MapToFields")) {
            outputs.put(name, Objects.requireNonNull(input, name));
        } else if (type.equals("WriteToJson")) {
            Collected<Row> collected = new Collected<>();
            written.put(name, collected);
            Objects.requireNonNull(input, name).apply(name, ParDo.of(collected));
        } else {
            SchemaTransformProvider provider = provider(identifier(type));
            PCollectionRowTuple in = input == null
                    ? PCollectionRowTuple.empty(pipeline)
                    : PCollectionRowTuple.of(provider.inputCollectionNames().get(0), input);
            PCollectionRowTuple out = in.apply(name, provider.from(row(config, provider.configurationSchema())));
            out.getAll().forEach((tag, rows) -> outputs.put(name + "." + tag, rows));
            if (out.getAll().size() == 1) {
                outputs.put(name, out.getAll().values().iterator().next());
            }
        }
    }

    private String identifier(String type) {
        for (Object provider : list(file, "providers")) {
            Map<String, Object> transforms = map(map(provider), "transforms");
            if (transforms.containsKey(type)) {
                return get(transforms, type).toString();
            }
        }
        throw new IllegalArgumentException("no provider has " + type);
    }

    static SchemaTransformProvider provider(String identifier) {
        return ServiceLoader.load(SchemaTransformProvider.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(provider -> provider.identifier().equals(identifier))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no service is " + identifier));
    }

    private static Create.Values<Row> create(List<?> elements) {
        Schema.Builder schema = Schema.builder();
        map(elements.get(0)).forEach((field, value) -> schema.addField(field, type(value)));
        Schema built = schema.build();
        List<Row> rows = new ArrayList<>();
        elements.forEach(element -> rows.add(row(map(element), built)));
        return Create.of(rows).withRowSchema(built);
    }

    private static FieldType type(Object value) {
        if (value instanceof List<?> list) {
            return FieldType.array(type(list.get(0)));
        }
        return value instanceof Integer
                ? FieldType.INT64
                : value instanceof Double ? FieldType.DOUBLE : FieldType.STRING;
    }

    static Row row(Map<String, Object> values, Schema schema) {
        if (!schema.getFieldNames().containsAll(values.keySet())) {
            throw new IllegalArgumentException(values.keySet() + " are not all of " + schema.getFieldNames());
        }
        Row.FieldValueBuilder row = Row.withSchema(schema).withFieldValues(Map.of());
        for (Schema.Field field : schema.getFields()) {
            row = row.withFieldValue(field.getName(), value(values.get(field.getName()), field.getType()));
        }
        return row.build();
    }

    private static @Nullable Object value(@Nullable Object value, FieldType type) {
        if (value instanceof Number number) {
            return switch (type.getTypeName()) {
                case INT32 -> (Object) number.intValue();
                case INT64 -> number.longValue();
                case DOUBLE -> number.doubleValue();
                default -> throw new IllegalArgumentException(value + " for " + type);
            };
        }
        return value;
    }

    private static Object get(Map<String, Object> map, String key) {
        return Objects.requireNonNull(map.get(key), key);
    }

    private static Map<String, Object> map(Map<String, Object> map, String key) {
        return map(get(map, key));
    }

    private static List<?> list(Map<String, Object> map, String key) {
        return (List<?>) get(map, key);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
