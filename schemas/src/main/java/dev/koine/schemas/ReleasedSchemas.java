package dev.koine.schemas;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaParseException;

/**
 * The schemas that earlier releases wrote events with. The resource {@code released/index.txt} names one file a line, each a
 * self-contained schema; a release adds its own and none is ever taken out.
 */
final class ReleasedSchemas {
    private ReleasedSchemas() {}

    static List<Schema> of(Class<?> type) {
        List<Schema> schemas = new ArrayList<>();
        for (String name : index()) {
            Schema schema = parse(name);
            if (schema.getFullName().equals(type.getName())) {
                schemas.add(schema);
            }
        }
        return schemas;
    }

    private static List<String> index() {
        InputStream index = ReleasedSchemas.class.getResourceAsStream("released/index.txt");
        if (index == null) {
            return List.of();
        }
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(index, StandardCharsets.UTF_8))) {
            return lines.lines().filter(line -> !line.isBlank()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the list of released schemas in Koine's own jar.", e);
        }
    }

    private static Schema parse(String name) {
        try (InputStream in = ReleasedSchemas.class.getResourceAsStream("released/" + name)) {
            if (in == null) {
                throw new IllegalStateException("released/index.txt names " + name + ", which is not in the jar.");
            }
            return new Schema.Parser().parse(in);
        } catch (IOException | SchemaParseException e) {
            throw new IllegalStateException("The released schema " + name + " does not parse.", e);
        }
    }
}
