package dev.koine.events.inband;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.store.Sha256;
import dev.koine.schemas.ArtifactChunk;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The chunks, good and hostile, that clients in other languages are held against: Java agrees with each. Written anew with {@code -Dcontract.write=true}. */
class ChunkContractTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FILE = Path.of("src/test/resources/dev/koine/events/contract/chunks.json");
    private static final EventCodec<ArtifactChunk> CODEC = EventCodec.of(ArtifactChunk.class);
    private static final ChunkedFile SMALL = new ChunkedFile(Sha256.of("hello".getBytes(StandardCharsets.UTF_8)), 5);
    private static final ChunkedFile LONG = new ChunkedFile("ab".repeat(32), ChunkedFile.CHUNK_BYTES + 3L);

    @BeforeAll
    static void write() throws Exception {
        if (Boolean.getBoolean("contract.write")) {
            Files.writeString(FILE, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(entries()) + "\n");
        }
    }

    @Test
    void chunksAreJudgedAsWritten() throws Exception {
        JsonNode entries = JSON.readTree(FILE.toFile());
        assertThat(entries).hasSizeGreaterThan(20);
        for (JsonNode entry : entries) {
            assertThat(verdict(entry)).as(entry.get("name").asText()).isEqualTo(entry.get("verdict"));
        }
    }

    @Test
    void keysAreThoseOfTheRecords() {
        byte[] key = new ChunkKey("ab".repeat(32), 70).bytes();
        assertThat(new String(key, StandardCharsets.UTF_8)).isEqualTo("ab".repeat(32) + "/00000070");
        assertThat(ChunkKey.of(key)).contains(new ChunkKey("ab".repeat(32), 70));
    }

    @Test
    void whateverBytesAreChangedItIsThisChunkOrNone() {
        byte[] good = CODEC.encode(hello());
        Random random = new Random(7);
        int taken = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] changed = Arrays.copyOf(good, good.length - random.nextInt(3) + random.nextInt(3));
            for (int flips = random.nextInt(4); flips >= 0; flips--) {
                changed[random.nextInt(changed.length)] = (byte) random.nextInt();
            }
            try {
                ArtifactChunk chunk = Chunks.decode(new ChunkKey(SMALL.sha256(), 0), changed, SMALL);
                assertThat(SMALL.has(chunk)).isTrue();
                taken++;
            } catch (UndecodableException e) {
                assertThat(e).hasMessageMatching("(?s).{10,}");
            }
        }
        assertThat(taken).isBetween(1, 19_999);
    }

    /** The chunk's number and its bytes; null where the message is passed over. */
    private static JsonNode verdict(JsonNode entry) throws IOException {
        ChunkedFile file =
                new ChunkedFile(entry.get("sha256").asText(), entry.get("size").asLong());
        Optional<ChunkKey> key = ChunkKey.of(decoded(entry.get("key")));
        if (key.isEmpty() || entry.get("value").isNull() || !key.get().sha256().equals(file.sha256())) {
            return JSON.nullNode();
        }
        try {
            ArtifactChunk chunk = Chunks.decode(key.get(), decoded(entry.get("value")), file);
            byte[] bytes = new byte[chunk.getBytes().remaining()];
            chunk.getBytes().get(bytes);
            return JSON.readTree(JSON.createObjectNode()
                    .put("index", chunk.getIndex())
                    .put("offset", chunk.getOffset())
                    .put("bytes", Base64.getEncoder().encodeToString(bytes))
                    .toString());
        } catch (UndecodableException e) {
            return JSON.nullNode();
        }
    }

    private static ArrayNode entries() throws IOException {
        ArrayNode entries = JSON.createArrayNode();
        byte[] good = CODEC.encode(hello());
        byte[] key = new ChunkKey(SMALL.sha256(), 0).bytes();
        entry(entries, "a file of one chunk", key, good, SMALL);
        entry(
                entries,
                "other bytes, which the file's digest tells",
                key,
                CODEC.encode(changed(c -> c.setBytes(bytes("HELLO")))),
                SMALL);
        entry(
                entries,
                "the last chunk",
                new ChunkKey(LONG.sha256(), 1).bytes(),
                CODEC.encode(LONG.chunk(1, bytes("end"))),
                LONG);
        entry(entries, "taken away", key, null, SMALL);
        entry(entries, "another file", new ChunkKey("cd".repeat(32), 0).bytes(), good, SMALL);
        entry(entries, "the key of another chunk", new ChunkKey(SMALL.sha256(), 1).bytes(), good, SMALL);
        entry(entries, "a key without a number", SMALL.sha256().getBytes(StandardCharsets.UTF_8), good, SMALL);
        entry(
                entries,
                "a key in capitals",
                text(key).toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8),
                good,
                SMALL);
        entry(
                entries,
                "a key with a sign",
                (SMALL.sha256() + "/-0000000").getBytes(StandardCharsets.UTF_8),
                good,
                SMALL);
        entry(
                entries,
                "a key of other digits",
                (SMALL.sha256() + "/٠٠٠٠").getBytes(StandardCharsets.UTF_8),
                good,
                SMALL);
        entry(
                entries,
                "a key with a line end",
                (text(key).substring(0, 72) + "\n").getBytes(StandardCharsets.UTF_8),
                good,
                SMALL);
        entry(entries, "no key's bytes", new byte[] {(byte) 0xFF}, good, SMALL);
        entry(
                entries,
                "another digest than its key",
                key,
                CODEC.encode(changed(c -> c.setSha256("cd".repeat(32)))),
                SMALL);
        entry(entries, "another size than is listed", key, good, new ChunkedFile(SMALL.sha256(), 6));
        entry(
                entries,
                "more bytes than are listed",
                key,
                CODEC.encode(changed(c -> c.setBytes(bytes("hello!")))),
                SMALL);
        entry(
                entries,
                "fewer bytes than are listed",
                key,
                CODEC.encode(changed(c -> c.setBytes(bytes("hell")))),
                SMALL);
        entry(
                entries,
                "a number beyond the count",
                new ChunkKey(SMALL.sha256(), 1).bytes(),
                CODEC.encode(changed(c -> c.setIndex(1))),
                SMALL);
        entry(entries, "a number below zero", key, CODEC.encode(changed(c -> c.setIndex(-1))), SMALL);
        entry(entries, "another count", key, CODEC.encode(changed(c -> c.setCount(2))), SMALL);
        entry(entries, "another offset", key, CODEC.encode(changed(c -> c.setOffset(1))), SMALL);
        entry(entries, "an offset below zero", key, CODEC.encode(changed(c -> c.setOffset(-5))), SMALL);
        entry(entries, "a size beyond any", key, CODEC.encode(changed(c -> c.setSize(Long.MAX_VALUE))), SMALL);
        entry(
                entries,
                "a chunk of an empty file",
                new ChunkKey(Sha256.of(new byte[0]), 0).bytes(),
                CODEC.encode(new ArtifactChunk(Sha256.of(new byte[0]), 0L, 0, 0, 0L, bytes(""))),
                new ChunkedFile(Sha256.of(new byte[0]), 0));
        entry(entries, "empty", key, new byte[0], SMALL);
        byte[] schema = good.clone();
        schema[5] ^= 1;
        entry(entries, "unknown schema", key, schema, SMALL);
        entry(entries, "cut off", key, Arrays.copyOf(good, good.length - 1), SMALL);
        entry(entries, "a byte left over", key, Arrays.copyOf(good, good.length + 1), SMALL);
        byte[] huge = Arrays.copyOf(good, 20);
        Arrays.fill(huge, 10, 18, (byte) 0xFF);
        huge[18] = 0x7F;
        entry(entries, "a length beyond the message", key, huge, SMALL);
        return entries;
    }

    private static void entry(ArrayNode entries, String name, byte[] key, byte @Nullable [] value, ChunkedFile file)
            throws IOException {
        ObjectNode entry = entries.addObject().put("name", name).put("key", key).put("value", value);
        entry.put("sha256", file.sha256()).put("size", file.size());
        entry.set("verdict", verdict(JSON.readTree(entry.toString())));
    }

    private static byte[] decoded(JsonNode base64) {
        return Base64.getDecoder().decode(base64.asText());
    }

    private static ArtifactChunk hello() {
        return SMALL.chunk(0, bytes("hello"));
    }

    private static ArtifactChunk changed(Consumer<ArtifactChunk> change) {
        ArtifactChunk chunk = hello();
        change.accept(chunk);
        return chunk;
    }

    private static String text(byte[] key) {
        return new String(key, StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
