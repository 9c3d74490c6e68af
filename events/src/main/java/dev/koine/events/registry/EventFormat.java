package dev.koine.events.registry;

import dev.koine.schemas.EventCodec;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Events to the values of Kafka records and back.
 *
 * <p>Without a schema registry a value is Avro's single-object encoding, as {@link EventCodec} has it. With one, values are written in
 * Confluent's wire format: a zero byte, the schema's id in four bytes, big-endian, then the record; the subject is the topic's name and
 * {@code -value}. Then both are read, and a writer's schema may be any that resolves to Koine's by Avro's rules.
 *
 * <p>Configured among the properties of a Kafka client:
 *
 * <pre>
 * schema.registry.url          switches the registry on
 * basic.auth.user.info         user:password, if it wants them
 * </pre>
 */
public final class EventFormat {
    /** Property that names the registry. */
    public static final String URL = "schema.registry.url";

    private static final String CREDENTIALS = "basic.auth.user.info";
    private static final byte MAGIC = 0;
    private static final int HEADER_BYTES = 1 + Integer.BYTES;

    private final @Nullable SchemaRegistry registry;

    private EventFormat(@Nullable SchemaRegistry registry) {
        this.registry = registry;
    }

    /**
     * The format that properties of a Kafka client ask for.
     *
     * @throws IllegalArgumentException if the registry's URL is none
     */
    public static EventFormat of(Map<?, ?> clientProperties) {
        @Nullable Object url = clientProperties.get(URL);
        if (url == null) {
            return new EventFormat(null);
        }
        URI root = URI.create(url.toString());
        if (!"http".equals(root.getScheme()) && !"https".equals(root.getScheme())) {
            throw new IllegalArgumentException(URL + " is '" + url + "'; give one such as https://registry:8081.");
        }
        @Nullable Object credentials = clientProperties.get(CREDENTIALS);
        return new EventFormat(new SchemaRegistry(root, credentials == null ? null : credentials.toString()));
    }

    /**
     * The value of a record.
     *
     * @throws IOException if the registry does not answer, or refuses the schema
     */
    public <T extends SpecificRecord> byte[] encode(EventCodec<T> codec, String topic, T event) throws IOException {
        if (registry == null) {
            return codec.encode(event);
        }
        byte[] body = codec.encodeBody(event);
        return ByteBuffer.allocate(HEADER_BYTES + body.length)
                .put(MAGIC)
                .putInt(registry.id(topic + "-value", codec.schema()))
                .put(body)
                .array();
    }

    /**
     * The event in the value of a record.
     *
     * @throws UndecodableException if it is none
     * @throws IOException if the registry does not answer; the value may be an event
     */
    public <T extends SpecificRecord> T decode(EventCodec<T> codec, byte[] value)
            throws IOException, UndecodableException {
        if (registry == null || !isFramed(value)) {
            return codec.decode(value);
        }
        return codec.decode(registry.schema(ByteBuffer.wrap(value).getInt(1)), value, HEADER_BYTES);
    }

    /** Whether a value has the registry's header and this format reads it. */
    public boolean needsRegistry(byte[] value) {
        return registry != null && isFramed(value);
    }

    private static boolean isFramed(byte[] value) {
        return value.length >= HEADER_BYTES && value[0] == MAGIC;
    }
}
