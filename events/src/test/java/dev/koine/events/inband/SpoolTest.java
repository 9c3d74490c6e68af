package dev.koine.events.inband;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.Sha256;
import dev.koine.schemas.ArtifactChunk;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chunks come in any order, twice, wrong and not at all; a process ends in between. */
class SpoolTest {
    private static final byte[] LONG = random(2 * ChunkedFile.CHUNK_BYTES + 17, 1);
    private static final byte[] SHORT = random(100, 2);
    private static final Bundle BUNDLE =
            bundle(file("long", LONG), file("short", SHORT), file("twin", SHORT), file("empty", new byte[0]));

    @TempDir
    Path directory;

    private Path folder;
    private Spool spool;

    @BeforeEach
    void begin() throws IOException {
        folder = directory.resolve("in-band");
        spool = new Spool(folder);
        spool.begin(BUNDLE);
    }

    @Test
    void whatCameInAnyOrderIsWhole() throws Exception {
        put(LONG, 2);
        put(SHORT, 0);
        put(LONG, 0);
        assertThat(spool.isComplete()).isFalse();
        assertThat(spool.incomplete()).containsExactly(Sha256.of(LONG));
        assertThat(spool.progress()).isEqualTo("3 of 4 chunks");
        put(LONG, 1);
        assertThat(spool.isComplete()).isTrue();
        assertThat(spool.damaged()).isEmpty();
        assertThat(read(LONG)).isEqualTo(LONG);
        assertThat(read(SHORT)).isEqualTo(SHORT);
        assertThat(read(new byte[0])).isEmpty();
    }

    @Test
    void aProcessThatEndedLosesWhatWasNotForcedAndNothingElse() throws Exception {
        put(LONG, 1);
        spool.force();
        put(LONG, 0);
        Spool next = new Spool(folder);
        next.begin(BUNDLE);
        assertThat(next.progress()).isEqualTo("1 of 4 chunks");
    }

    @Test
    void whatIsNotWaitedForIsNotKept() throws Exception {
        put(LONG, 1);
        spool.force();
        Files.writeString(folder.resolve("stray"), "x");
        spool.begin(bundle(file("short", SHORT)));
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactly(Sha256.of(SHORT) + ".part");
        }
        assertThat(spool.put(chunk(LONG, 0), false)).isFalse();
        assertThat(spool.wanted(Sha256.of(LONG))).isNull();
    }

    @Test
    void aFileOfOtherBytesIsTakenAwayAndReceivedAgain() throws Exception {
        byte[] other = LONG.clone();
        other[ChunkedFile.CHUNK_BYTES]++;
        put(LONG, 0);
        spool.put(new ChunkedFile(Sha256.of(LONG), LONG.length).chunk(1, cut(other, 1)), false);
        put(LONG, 1);
        put(LONG, 2);
        put(SHORT, 0);
        assertThat(spool.damaged()).containsExactly(Sha256.of(LONG));
        assertThat(spool.progress()).isEqualTo("1 of 4 chunks");
        put(LONG, 0);
        put(LONG, 1);
        put(LONG, 2);
        assertThat(spool.damaged()).isEmpty();
    }

    @Test
    void theNewestTakesThePlaceOfOthersWhereThatIsSaid() throws Exception {
        byte[] other = SHORT.clone();
        other[0]++;
        spool.put(new ChunkedFile(Sha256.of(SHORT), SHORT.length).chunk(0, ByteBuffer.wrap(other)), false);
        assertThat(spool.put(chunk(SHORT, 0), true)).isTrue();
        assertThat(read(SHORT)).isEqualTo(SHORT);
    }

    @Test
    void damagedNotesOfAnEarlierProcessAreNotBelieved() throws Exception {
        put(LONG, 0);
        spool.force();
        Files.write(folder.resolve(Sha256.of(LONG) + ".bits"), new byte[] {-1});
        Spool next = new Spool(folder);
        next.begin(BUNDLE);
        assertThat(next.incomplete()).containsExactly(Sha256.of(SHORT));
        assertThat(next.damaged()).contains(Sha256.of(LONG));
        assertThat(next.incomplete()).contains(Sha256.of(LONG));
    }

    @Test
    void noMessageMakesItLargerThanTheBundle() throws Exception {
        Passed passed = new Passed(spool, new Coverage(), false);
        ChunkedFile file = new ChunkedFile(Sha256.of(SHORT), SHORT.length);
        ChunkedFile larger = new ChunkedFile(file.sha256(), 5L << 30);
        byte[] value = Chunks.encode(larger.chunk(9000, ByteBuffer.allocate(ChunkedFile.CHUNK_BYTES)));
        passed.read(message(new ChunkKey(file.sha256(), 9000).bytes(), value));
        passed.read(message(new ChunkKey(file.sha256(), 0).bytes(), new byte[3 << 20]));
        passed.read(message(null, value));
        passed.read(message(new ChunkKey(file.sha256(), 0).bytes(), null));
        assertThat(spool.progress()).isEqualTo("0 of 4 chunks");
        try (Stream<Path> parts = Files.list(folder)) {
            assertThat(parts.mapToLong(path -> path.toFile().length()).sum()).isZero();
        }
        passed.read(message(new ChunkKey(file.sha256(), 0).bytes(), Chunks.encode(chunk(SHORT, 0))));
        assertThat(read(SHORT)).isEqualTo(SHORT);
    }

    @Test
    void coverageGoesForwardFirstThenBackwardAndKnowsWhereFilesAre() {
        TopicPartition p = new TopicPartition("t", 0);
        var begin = Map.of(p, 10L);
        Coverage coverage = new Coverage();
        coverage.begin(begin, Map.of(p, 1000L));
        var first = coverage.forward(Map.of(p, 1003L));
        assertThat(first).containsEntry(p, new Span(1000, 1003));
        coverage.add(first);
        assertThat(coverage.forward(Map.of(p, 1003L))).isEmpty();
        assertThat(coverage.backward(begin, 16)).containsEntry(p, new Span(984, 1000));
        coverage.add(Map.of(p, new Span(984, 990)));
        assertThat(coverage.backward(begin, 256)).containsEntry(p, new Span(744, 1000));
        for (var step = coverage.backward(begin, 256); !step.isEmpty(); step = coverage.backward(begin, 256)) {
            coverage.add(step);
        }
        coverage.note("a", p, 700);
        coverage.note("a", p, 20);
        assertThat(coverage.places(List.of("a", "b"), Map.of(p, 30L), Map.of(p, 1003L)))
                .containsEntry(p, new Span(30, 701));
        coverage.begin(begin, Map.of(p, 500L));
        assertThat(coverage.places(List.of("a"), begin, Map.of(p, 500L))).isEmpty();
    }

    private static ConsumerRecord<byte[], byte[]> message(byte @Nullable [] key, byte @Nullable [] value) {
        return new ConsumerRecord<>("t", 0, 0, key, value);
    }

    private void put(byte[] content, int index) throws IOException {
        spool.put(chunk(content, index), false);
    }

    private static ArtifactChunk chunk(byte[] content, int index) {
        return new ChunkedFile(Sha256.of(content), content.length).chunk(index, cut(content, index));
    }

    private static ByteBuffer cut(byte[] content, int index) {
        int from = index * ChunkedFile.CHUNK_BYTES;
        return ByteBuffer.wrap(
                Arrays.copyOfRange(content, from, Math.min(content.length, from + ChunkedFile.CHUNK_BYTES)));
    }

    private byte[] read(byte[] content) throws IOException {
        try (InputStream in = spool.read(Sha256.of(content))) {
            return in.readAllBytes();
        }
    }

    private static BundleFile file(String path, byte[] content) {
        return new BundleFile(path, content.length, Sha256.of(content));
    }

    private static Bundle bundle(BundleFile... files) {
        return new Bundle(URI.create("file:///nowhere/"), List.of(files));
    }

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
