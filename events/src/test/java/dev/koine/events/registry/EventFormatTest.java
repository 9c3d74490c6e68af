package dev.koine.events.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.UndecodableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventFormatTest {
    private static final EventCodec<ExpertEvent> CODEC = EventCodec.of(ExpertEvent.class);
    private static final int ID = 0x01020304;

    private final Map<String, String> answers = new HashMap<>();
    private final List<String> requests = new ArrayList<>();
    private HttpServer server;
    private EventFormat format;

    @BeforeEach
    void startRegistry() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        format = EventFormat.of(Map.of(EventFormat.URL, url(), "basic.auth.user.info", "me:secret"));
        answers.put("POST /registry/subjects/koine.experts-value/versions", "{\"id\":" + ID + "}");
    }

    @AfterEach
    void stopRegistry() {
        server.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/registry/";
    }

    private void answer(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(request + " " + body + " "
                + exchange.getRequestHeaders().getFirst("Authorization") + " "
                + exchange.getRequestHeaders().getFirst("Content-Type"));
        String answer = answers.get(request);
        byte[] bytes = (answer == null ? "{\"error_code\":40403}" : answer).getBytes(StandardCharsets.UTF_8);
        int status = answer == null ? 404 : answer.startsWith("{") ? 200 : 500;
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void writesConfluentsWireFormatAndRegistersOnce() throws Exception {
        byte[] value = format.encode(CODEC, "koine.experts", event());
        byte[] body = CODEC.encodeBody(event());
        assertThat(value).startsWith(0, 1, 2, 3, 4).endsWith(body).hasSize(5 + body.length);
        assertThat(format.encode(CODEC, "koine.experts", event())).isEqualTo(value);
        assertThat(requests).hasSize(1);
        assertThat(requests.get(0))
                .startsWith("POST /registry/subjects/koine.experts-value/versions {\"schema\":\"")
                .contains("dev.koine.schemas")
                .endsWith(" Basic bWU6c2VjcmV0 application/vnd.schemaregistry.v1+json");
    }

    @Test
    void readsBothFormats() throws Exception {
        serve(CODEC.schema());
        byte[] framed = format.encode(CODEC, "koine.experts", event());
        assertThat(format.decode(CODEC, framed)).isEqualTo(event());
        assertThat(format.decode(CODEC, framed)).isEqualTo(event());
        assertThat(format.decode(CODEC, CODEC.encode(event()))).isEqualTo(event());
        assertThat(requests.stream().filter(request -> request.startsWith("GET")))
                .hasSize(1);
    }

    @Test
    void readsWhatAnotherWritersSchemaResolvesTo() throws Exception {
        List<Schema.Field> fields = new ArrayList<>();
        for (Schema.Field field : CODEC.schema().getFields()) {
            if (!field.name().equals("signature")) {
                fields.add(new Schema.Field(field, field.schema()));
            }
        }
        fields.add(new Schema.Field("team", SchemaBuilder.builder().stringType()));
        Schema theirs = Schema.createRecord("ExpertEvent", null, "dev.koine.schemas", false, fields);
        serve(theirs);
        GenericRecord record = new GenericData.Record(theirs);
        GenericRecord ours = (GenericRecord) GenericData.get().deepCopy(CODEC.schema(), generic());
        for (Schema.Field field : theirs.getFields()) {
            record.put(field.name(), field.name().equals("team") ? "speech" : ours.get(field.name()));
        }
        assertThat(format.decode(CODEC, framed(theirs, record))).isEqualTo(event());
    }

    @Test
    void refusesASchemaThatIsAnotherRecord() throws Exception {
        Schema other =
                SchemaBuilder.record("Order").fields().requiredLong("amount").endRecord();
        serve(other);
        GenericRecord record = new GenericData.Record(other);
        record.put("amount", 1L);
        assertThat(refused(framed(other, record))).hasMessageContaining("does not resolve");
    }

    /** A schema that resolves to ours, with one field more that is hard on whoever reads it. */
    private byte[] withField(String type, byte... content) {
        String ours = CODEC.schema().toString();
        String theirs = ours.substring(0, ours.lastIndexOf("]")) + ",{\"name\":\"more\",\"type\":" + type + "}]}";
        serve(new Schema.Parser().parse(theirs));
        format = EventFormat.of(Map.of(EventFormat.URL, url()));
        byte[] body = CODEC.encodeBody(event());
        return ByteBuffer.allocate(5 + body.length + content.length)
                .put(new byte[] {0, 0, 0, 0, 7})
                .put(body)
                .put(content)
                .array();
    }

    @Test
    void aHostileSchemaEndsInARefusal() {
        byte[] endless = withField("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"}]}");
        assertThat(refused(endless)).isNotNull();
        byte[] million = {(byte) 0x80, (byte) 0x89, 0x7A, 0};
        byte[] nothings = withField("{\"type\":\"array\",\"items\":\"null\"}", million);
        assertThat(refused(nothings)).hasMessageContaining("elements");
    }

    @Test
    void refusesAnIdThatTheRegistryDoesNotHave() {
        assertThat(refused(new byte[] {0, 0, 0, 0, 9, 1})).hasMessageContaining("schema 9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"schema\":\"nonsense\"}", "{\"schema\":\"{}\",\"schemaType\":\"PROTOBUF\"}"})
    void refusesWhatIsNoAvroSchema(String answer) {
        answers.put("GET /registry/schemas/ids/9", answer);
        assertThat(refused(new byte[] {0, 0, 0, 0, 9, 1})).hasMessageContaining("schema 9");
    }

    @Test
    void aRegistryInTroubleIsNoFaultOfTheEvent() throws Exception {
        byte[] value = ByteBuffer.allocate(6).put(5, (byte) 1).array();
        answers.put("GET /registry/schemas/ids/0", "overloaded");
        assertThatThrownBy(() -> format.decode(CODEC, value))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("status 500")
                .hasMessageNotContaining("secret");
        server.stop(0);
        assertThatThrownBy(() -> format.decode(CODEC, value))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not answer");
        assertThatThrownBy(() -> format.encode(CODEC, "other", event())).isInstanceOf(IOException.class);
    }

    @Test
    void withoutARegistryNothingIsAsked() throws Exception {
        EventFormat plain = EventFormat.of(Map.of());
        assertThat(plain.encode(CODEC, "koine.experts", event())).isEqualTo(CODEC.encode(event()));
        assertThatThrownBy(() -> plain.decode(CODEC, new byte[] {0, 0, 0, 0, 9, 1}))
                .isInstanceOf(UndecodableException.class)
                .hasMessageContaining("registry is configured");
        assertThat(requests).isEmpty();
        assertThatThrownBy(() -> EventFormat.of(Map.of(EventFormat.URL, "registry:8081")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private UndecodableException refused(byte[] value) {
        return catchThrowableOfType(UndecodableException.class, () -> format.decode(CODEC, value));
    }

    private void serve(Schema schema) {
        String quoted = schema.toString().replace("\\", "\\\\").replace("\"", "\\\"");
        for (int id : List.of(ID, 7)) {
            answers.put("GET /registry/schemas/ids/" + id, "{\"schema\":\"" + quoted + "\"}");
        }
    }

    private static GenericRecord generic() throws IOException {
        byte[] body = CODEC.encodeBody(event());
        return new org.apache.avro.generic.GenericDatumReader<GenericRecord>(CODEC.schema())
                .read(null, org.apache.avro.io.DecoderFactory.get().binaryDecoder(body, null));
    }

    private static byte[] framed(Schema schema, GenericRecord record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {0, 0, 0, 0, 7});
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }

    private static ExpertEvent event() {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.RETRACT)
                .setModelId("whisper")
                .setExpertId("ca")
                .setTime(Instant.parse("2026-11-24T10:00:00Z"))
                .build();
    }
}
