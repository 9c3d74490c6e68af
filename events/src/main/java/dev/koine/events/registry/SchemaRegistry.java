package dev.koine.events.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A client of a schema registry with Confluent's REST interface, version 1 of {@code application/vnd.schemaregistry}; Apicurio speaks it
 * below {@code /apis/ccompat/v7}. What was answered once is not asked again. Safe for use by many threads.
 */
final class SchemaRegistry {
    private static final String TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int MOST_BYTES = 1 << 20;
    private static final int NOT_FOUND = 404;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final URI root;
    private final @Nullable String credentials;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final Map<String, Integer> ids = new ConcurrentHashMap<>();

    /**
     * @param root of its interface
     * @param credentials {@code user:password}; null for none
     */
    SchemaRegistry(URI root, @Nullable String credentials) {
        this.root = URI.create(root.toString().replaceAll("/+$", "") + "/");
        this.credentials = credentials;
    }

    /**
     * The schema with an id.
     *
     * @throws UndecodableException if the registry has none
     * @throws IOException if the registry does not answer, or not so
     */
    Schema schema(int id) throws IOException, UndecodableException {
        @Nullable Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        HttpResponse<InputStream> response = send(request("schemas/ids/" + id).GET());
        if (response.statusCode() == NOT_FOUND) {
            response.body().close();
            throw new UndecodableException("The message names the schema " + id
                    + ", which the schema registry does not have. Register it, and send the message again.");
        }
        JsonNode answer = read(response);
        if (answer.hasNonNull("schemaType")
                && !answer.get("schemaType").asText().equals("AVRO")) {
            throw new UndecodableException("The message names the schema " + id + ", which is of the type "
                    + answer.get("schemaType").asText() + ". Write it with Avro.");
        }
        Schema schema = parse(id, answer);
        schemas.put(id, schema);
        return schema;
    }

    private static Schema parse(int id, JsonNode answer) throws UndecodableException {
        try {
            return new Schema.Parser().parse(answer.path("schema").asText());
        } catch (AvroRuntimeException e) {
            throw new UndecodableException(
                    "The message names the schema " + id + ", which this version of Avro does not read: "
                            + e.getMessage() + ".",
                    e);
        }
    }

    /**
     * The id of a schema, which is registered where it is not yet.
     *
     * @throws IOException if the registry does not answer, or does not take the schema
     */
    int id(String subject, Schema schema) throws IOException {
        @Nullable Integer known = ids.get(subject);
        if (known != null) {
            return known;
        }
        byte[] body = JSON.writeValueAsBytes(Map.of("schema", schema.toString()));
        JsonNode answer =
                read(send(request("subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions")
                        .header("Content-Type", TYPE)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))));
        if (!answer.path("id").canConvertToInt()) {
            throw new IOException("The schema registry at " + root + " gave no id for " + subject + ".");
        }
        int id = answer.get("id").asInt();
        ids.put(subject, id);
        return id;
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(root.resolve(path))
                .header("Accept", TYPE + ", application/json")
                .timeout(PATIENCE);
        if (credentials != null) {
            request.header(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
        }
        return request;
    }

    private HttpResponse<InputStream> send(HttpRequest.Builder request) throws IOException {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new IOException("The schema registry at " + root + " does not answer: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while asking the schema registry", e);
        }
    }

    private JsonNode read(HttpResponse<InputStream> response) throws IOException {
        byte[] body;
        try (InputStream in = response.body()) {
            body = in.readNBytes(MOST_BYTES + 1);
        }
        if (response.statusCode() / 100 != 2 || body.length > MOST_BYTES) {
            throw new IOException("The schema registry at " + root + " answers "
                    + response.request().uri().getPath() + " with status " + response.statusCode() + " and "
                    + (body.length > MOST_BYTES ? "too many" : body.length) + " bytes.");
        }
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new IOException("The schema registry at " + root + " does not answer in JSON.", e);
        }
    }
}
