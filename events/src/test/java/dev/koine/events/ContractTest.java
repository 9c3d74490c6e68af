package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.Statement;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericEnumSymbol;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files that clients in other languages are held against: Java agrees with each. Written anew with {@code -Dcontract.write=true}. */
class ContractTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER = Path.of("src/test/resources/dev/koine/events/contract");
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    @TempDir
    Path temporary;

    @BeforeAll
    static void write() throws Exception {
        if (Boolean.getBoolean("contract.write")) {
            ContractWriter.write(FOLDER);
        }
    }

    @Test
    void eventsAreReadAsWritten() throws Exception {
        for (JsonNode entry : read("events.json")) {
            byte[] message = Base64.getDecoder().decode(entry.get("base64").asText());
            Object found;
            try {
                found = JSON.readTree(json(UPDATES.decode(message)).toString());
            } catch (UndecodableException e) {
                found = JSON.nullNode();
            }
            assertThat(found).as(entry.get("name").asText()).isEqualTo(entry.get("json"));
        }
    }

    @Test
    void reportsAreReadAsWritten() throws Exception {
        EventCodec<ServiceReport> reports = EventCodec.of(ServiceReport.class);
        for (JsonNode entry : read("reports.json")) {
            byte[] message = Base64.getDecoder().decode(entry.get("base64").asText());
            assertThat(JSON.readTree(json(reports.decode(message)).toString()))
                    .as(entry.get("name").asText())
                    .isEqualTo(entry.get("json"));
        }
    }

    @Test
    void bundlesAreJudgedAsWritten() throws Exception {
        for (JsonNode entry : read("bundles.json")) {
            assertThat(bundleVerdict(entry, Files.createTempDirectory(temporary, "bundle")))
                    .as(entry.get("name").asText())
                    .isEqualTo(entry.get("verdict").asText());
        }
    }

    @Test
    void statementsAndSignaturesAreJudgedAsWritten() throws Exception {
        for (JsonNode entry : read("statements.json")) {
            ModelUpdate update = UPDATES.decode(
                    Base64.getDecoder().decode(entry.get("base64").asText()));
            byte[] statement = Statement.of(update);
            assertThat(Base64.getEncoder().encodeToString(statement))
                    .as(entry.get("name").asText())
                    .isEqualTo(entry.get("statement").asText());
            List<String> lines = new ArrayList<>();
            entry.get("trusted").forEach(line -> lines.add(line.asText()));
            assertThat(signatureVerdict(new TrustedKeys(lines), update, statement))
                    .as(entry.get("name").asText())
                    .isEqualTo(entry.get("verdict").asText());
        }
    }

    private static JsonNode read(String name) throws IOException {
        JsonNode entries = JSON.readTree(FOLDER.resolve(name).toFile());
        assertThat(entries).isNotEmpty();
        return entries;
    }

    static String signatureVerdict(TrustedKeys trusted, ModelUpdate update, byte[] statement) {
        try {
            trusted.require(update.getSignature(), statement, Role.UPDATES);
            return "GOOD";
        } catch (RejectedException e) {
            return e.code().toString();
        }
    }

    /** The digest of a bundle that is whole, or the code of its refusal. */
    static String bundleVerdict(JsonNode entry, Path folder) throws IOException {
        for (Map.Entry<String, JsonNode> file : entry.get("tree").properties()) {
            Path place = folder.resolve(file.getKey());
            Files.createDirectories(place.getParent());
            Files.writeString(place, file.getValue().asText());
        }
        for (Map.Entry<String, JsonNode> link : entry.get("links").properties()) {
            Files.createSymbolicLink(
                    folder.resolve(link.getKey()), Path.of(link.getValue().asText()));
        }
        for (Map.Entry<String, JsonNode> link : entry.get("hardLinks").properties()) {
            Files.createLink(
                    folder.resolve(link.getKey()),
                    folder.resolve(link.getValue().asText()));
        }
        List<BundleFile> files = new ArrayList<>();
        for (JsonNode file : entry.get("files")) {
            files.add(new BundleFile(
                    file.get("path").asText(),
                    file.get("size").asLong(),
                    file.get("sha256").asText()));
        }
        try {
            Bundle bundle = Bundle.of("file:///models/x/", files);
            BundleVerifier.verify(bundle, folder);
            return bundle.digest();
        } catch (RejectedException e) {
            return e.code().toString();
        }
    }

    /** A record with its fields by name, times in milliseconds, bytes in base64. */
    static JsonNode json(Object value) {
        if (value instanceof SpecificRecord record) {
            ObjectNode node = JSON.createObjectNode();
            record.getSchema().getFields().forEach(field -> node.set(field.name(), json(record.get(field.pos()))));
            return node;
        }
        if (value instanceof List<?> list) {
            ArrayNode node = JSON.createArrayNode();
            list.forEach(element -> node.add(json(element)));
            return node;
        }
        if (value instanceof Instant time) {
            return JSON.valueToTree(time.toEpochMilli());
        }
        if (value instanceof ByteBuffer bytes) {
            byte[] copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return JSON.valueToTree(Base64.getEncoder().encodeToString(copy));
        }
        if (value instanceof CharSequence || value instanceof GenericEnumSymbol) {
            return JSON.valueToTree(value.toString());
        }
        return JSON.valueToTree(value);
    }
}
