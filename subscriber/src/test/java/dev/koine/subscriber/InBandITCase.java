package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.Sha256;
import dev.koine.events.Bundles;
import dev.koine.events.inband.ChunkKey;
import dev.koine.events.inband.ChunkedFile;
import dev.koine.events.inband.InBandBundles;
import dev.koine.events.inband.Relay;
import dev.koine.events.inband.RelayListener;
import dev.koine.events.inband.RelaySettings;
import dev.koine.events.inband.RelayedContent;
import dev.koine.schemas.ArtifactChunk;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** Versions reach a service by the broker alone: the relay reads a store, and the service never sees it. */
class InBandITCase {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final int LONG = 5 * ChunkedFile.CHUNK_BYTES + 11;
    private static final EventCodec<ArtifactChunk> CODEC = EventCodec.of(ArtifactChunk.class);

    @TempDir
    static Path brokerDirectory;

    private static EmbeddedBroker broker;

    @TempDir
    Path directory;

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private final Listener listener = new Listener();
    private String updates;
    private String artifacts;
    private Announcer announcer;

    /** Where the store is for the relay; the path that updates name is not there. */
    private final BundleSource store = (bundle, file) ->
            Files.newInputStream(stored(bundle.uri().getPath()).resolve(file.path()));

    /** A file that, after so many bytes, is read no further until the reader is interrupted. */
    static final class StopsAfter extends FilterInputStream {
        private final CountDownLatch reached;
        private long left;

        StopsAfter(InputStream in, long bytes, CountDownLatch reached) {
            super(in);
            this.left = bytes;
            this.reached = reached;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left <= 0) {
                reached.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            }
            int read = super.read(buffer, offset, (int) Math.min(left, length));
            left -= read;
            return read;
        }
    }

    private final class Listener implements RelayListener {
        @Override
        public void onSent(ModelUpdate update, int chunks) {
            told.add("sent " + update.getModelId() + " " + update.getVersion() + ": " + chunks);
        }

        @Override
        public void onLeftOut(ModelUpdate update, BundleFile file) {
            told.add("left out " + update.getVersion() + " " + file.path());
        }

        @Override
        public void onRefused(ModelUpdate update, RejectedException reason) {
            told.add("refused " + update.getVersion() + " " + reason.code());
        }

        @Override
        public void onTakenAway(int files) {
            told.add("took away " + files);
        }
    }

    @BeforeAll
    static void startBroker() throws Exception {
        broker = EmbeddedBroker.start(brokerDirectory, 0, "PLAINTEXT", Map.of("log.cleaner.backoff.ms", "200"));
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void createTopics(TestInfo test) throws Exception {
        String name = test.getTestMethod().orElseThrow().getName();
        updates = name + ".updates";
        artifacts = name + ".artifacts";
        Announcer.createTopic(broker, updates);
        try (Admin admin = Admin.create(kafka())) {
            admin.createTopics(List.of(new NewTopic(artifacts, Optional.of(2), Optional.empty())
                            .configs(Map.of("cleanup.policy", "compact", "max.message.bytes", "1048588"))))
                    .all()
                    .get();
        }
        announcer = new Announcer(broker, updates);
    }

    @AfterEach
    void closeAnnouncer() {
        announcer.close();
    }

    @Test
    void aServiceWithoutTheStoreServesWhatIsAnnounced() throws Exception {
        announcer.announce(version(0));
        try (Relay relay = relay(settings());
                ModelSubscriber<Text> subscriber = subscriber(SOON)) {
            assertThat(subscriber.awaitVersion(0, SOON).version()).isZero();
            announcer.announce(version(1));
            ServedVersion served = subscriber.awaitVersion(1, SOON);
            assertThat(served.directory().resolve("model.txt")).hasContent("version 1");
            assertThat(Sha256.of(served.directory().resolve("weights.bin"))).isEqualTo(Sha256.of(weights(1)));
            assertThat(subscriber.status().refused()).isZero();
            assertThat(subscriber.status().troubles()).isZero();
            assertThat(directory.resolve("service").resolve("in-band")).doesNotExist();
        }
        assertThat(told).contains("sent demo 0: 8", "sent demo 1: 7");
    }

    @Test
    void aServiceComputesVersionsOfWhatTheRelaySendsOfThem() throws Exception {
        MergedLine line = new MergedLine(directory.resolve("line"));
        MergedExpert one = line.expert(1, 1);
        announcer.announce(line.version(1, one));
        RelaySettings parts = with(settings(), RelayedContent.PATCHES, RelaySettings.DEFAULT_LIMIT, false);
        try (Relay relay = Relay.start(parts, BundleSource.LOCAL, listener);
                ModelSubscriber<AutoCloseable> subscriber = ModelSubscriber.<AutoCloseable>builder()
                        .bootstrapServers(broker.bootstrapServers())
                        .updatesTopic(updates)
                        .modelId("m")
                        .cacheDirectory(directory.resolve("service"))
                        .bundleSource(new InBandBundles(kafka(), artifacts, directory.resolve("service/in-band"), SOON))
                        .patches(true)
                        .loader(bundle -> () -> {})
                        .start()) {
            subscriber.awaitVersion(1, SOON);
            announcer.announce(line.version(2, one, line.expert(2, 0.5)));
            subscriber.awaitVersion(2, SOON);
            assertThat(subscriber.status().patched()).isEqualTo(2);
        }
        assertThat(told).isNotEmpty().allMatch(sentence -> sentence.startsWith("sent m "));
    }

    @Test
    void aRelayThatIsStoppedInTheMiddleSendsOnlyTheRestAtItsNextStart() throws Exception {
        ModelUpdate version = version(0);
        announcer.announce(version);
        CountDownLatch halfway = new CountDownLatch(1);
        AtomicInteger opened = new AtomicInteger();
        BundleSource stops = (bundle, file) -> {
            InputStream in = store.open(bundle, file);
            boolean isSent = file.path().equals("weights.bin") && opened.incrementAndGet() == 2;
            return isSent ? new StopsAfter(in, LONG - 2 * ChunkedFile.CHUNK_BYTES, halfway) : in;
        };
        try (Relay relay = Relay.start(settings(), stops, listener)) {
            assertThat(halfway.await(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();
            awaitRecords(3);
        }
        assertThat(told).isEmpty();
        Set<String> before = new HashSet<>(keys());
        assertThat(before).hasSizeBetween(3, 7);

        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("sent demo 0: " + (8 - before.size()));
        }
        assertThat(keys()).hasSize(8).doesNotHaveDuplicates();
        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("sent demo 0: 0");
        }
        assertThat(keys()).hasSize(8);
        try (ModelSubscriber<Text> subscriber = subscriber(SOON)) {
            subscriber.awaitVersion(0, SOON);
        }
    }

    @Test
    void aRelayWhoseProcessIsKilledInTheMiddleLeavesTheRestToTheNext() throws Exception {
        announcer.announce(version(0));
        long given = LONG - 2 * ChunkedFile.CHUNK_BYTES;
        Process killed =
                RelayProcess.start(broker.bootstrapServers(), updates, artifacts, directory.resolve("store"), given);
        try {
            awaitRecords(5);
        } finally {
            killed.destroyForcibly().waitFor();
        }
        assertThat(keys()).hasSize(5).doesNotHaveDuplicates();
        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("sent demo 0: 3");
        }
        assertThat(keys()).hasSize(8).doesNotHaveDuplicates();
        try (ModelSubscriber<Text> subscriber = subscriber(Duration.ofSeconds(2))) {
            subscriber.awaitVersion(0, SOON);
            assertThat(subscriber.status().troubles()).isZero();
        }
    }

    @Test
    void aServiceThatWasKilledGoesOnWithWhatItHasReceived() throws Exception {
        Bundle bundle = Bundles.of(version(0));
        Path spool = directory.resolve("spool");
        for (BundleFile file : bundle.files()) {
            sendFrom(bundle, file, 0, Math.min(3, ChunkedFile.of(file).count()));
        }
        BundleFile weights = file(bundle, "weights.bin");
        InBandBundles first = new InBandBundles(kafka(), artifacts, spool, Duration.ZERO);
        assertThatThrownBy(() -> first.open(bundle, weights)).hasMessageContaining("5 of 8 chunks are on");

        takeAllAway();
        sendFrom(bundle, weights, 3, 6);
        InBandBundles next = new InBandBundles(kafka(), artifacts, spool, SOON);
        try (InputStream in = next.open(bundle, weights)) {
            assertThat(in.readAllBytes()).isEqualTo(weights(0));
        }
        assertThat(spool).isDirectory();
        for (String path : List.of("model.txt", "vocabulary.txt")) {
            try (InputStream in = next.open(bundle, file(bundle, path))) {
                assertThat(in.readAllBytes()).isNotEmpty();
            }
        }
        assertThat(spool).doesNotExist();
    }

    @Test
    void whatSomebodyElseWritesStopsNothing() throws Exception {
        ModelUpdate version = version(0);
        Bundle bundle = Bundles.of(version);
        BundleFile weights = file(bundle, "weights.bin");
        ChunkedFile cut = ChunkedFile.of(weights);
        byte[] wrong = new byte[ChunkedFile.CHUNK_BYTES];
        send(cut, 0, wrong);
        send(new ChunkedFile(weights.sha256(), 1L << 30), 100, wrong);
        send("nonsense".getBytes(), new byte[] {1, 2, 3});
        send(new ChunkKey(weights.sha256(), 2).bytes(), new byte[] {1, 2, 3});
        send(new ChunkKey(weights.sha256(), 3).bytes(), null);
        announcer.announce(version);
        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("sent demo 0: 7");
            send(cut, 5, new byte[11]);
            try (ModelSubscriber<Text> subscriber = subscriber(Duration.ofSeconds(2))) {
                awaitTrouble(subscriber);
                assertThat(subscriber.status().refused()).isZero();
                try (Relay again = relay(with(settings(), RelayedContent.BUNDLES, RelaySettings.DEFAULT_LIMIT, true))) {
                    subscriber.awaitVersion(0, SOON);
                }
            }
        }
    }

    @Test
    void duplicatesAndOtherOrdersChangeNothing() throws Exception {
        ModelUpdate version = version(0);
        Bundle bundle = Bundles.of(version);
        for (int round = 0; round < 2; round++) {
            for (BundleFile file : bundle.files()) {
                byte[] content =
                        Files.readAllBytes(stored(bundle.uri().getPath()).resolve(file.path()));
                ChunkedFile cut = ChunkedFile.of(file);
                for (int i = cut.count() - 1; i >= 0; i--) {
                    int from = i * ChunkedFile.CHUNK_BYTES;
                    send(cut, i, Arrays.copyOfRange(content, from, from + cut.length(i)));
                }
            }
        }
        announcer.announce(version);
        try (ModelSubscriber<Text> subscriber = subscriber(SOON)) {
            subscriber.awaitVersion(0, SOON);
            assertThat(subscriber.status().troubles()).isZero();
        }
    }

    @Test
    void aFileBeyondTheLimitIsLeftOut() throws Exception {
        announcer.announce(version(0));
        try (Relay relay = relay(with(settings(), RelayedContent.BUNDLES, LONG - 1, false))) {
            assertThat(next()).isEqualTo("left out 0 weights.bin");
        }
        assertThat(keys()).hasSize(2);
    }

    @Test
    void whatNoKeptVersionHasIsTakenAway() throws Exception {
        try (Relay relay = relay(settings())) {
            for (long number = 0; number < 4; number++) {
                announcer.announce(version(number));
                assertThat(next()).startsWith("sent demo " + number);
            }
            assertThat(next()).isEqualTo("took away 2");
        }
        Bundle oldest = Bundles.of(version(0));
        Set<String> left = new HashSet<>();
        values().forEach((key, value) -> {
            if (value != null) {
                left.add(key.substring(0, 64));
            }
        });
        assertThat(left)
                .doesNotContain(
                        file(oldest, "weights.bin").sha256(),
                        file(oldest, "model.txt").sha256())
                .contains(file(oldest, "vocabulary.txt").sha256())
                .hasSize(7);
    }

    /** Kafka's own cleaner at work: each chunk of the kept versions is left once, and nothing of the others. */
    @Test
    void whatCompactionLeavesIsEnoughForWhoComesLate() throws Exception {
        configure(Map.of(
                "segment.ms",
                "50",
                "segment.bytes",
                "1048576",
                "min.cleanable.dirty.ratio",
                "0",
                "delete.retention.ms",
                "0"));
        try (Relay relay = relay(settings())) {
            for (long number = 0; number < 6; number++) {
                announcer.announce(version(number));
                awaitSent();
            }
        }
        RelaySettings again = with(settings(), RelayedContent.BUNDLES, RelaySettings.DEFAULT_LIMIT, true);
        try (Relay relay = relay(again)) {
            for (int version = 0; version < 3; version++) {
                awaitSent();
            }
            awaitCleaned(3 * 7 + 1);
        }
        told.clear();
        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("sent demo 5: 0");
        }
        try (ModelSubscriber<Text> late = subscriber(Duration.ofSeconds(2))) {
            late.awaitVersion(5, SOON);
            assertThat(late.status().troubles()).isZero();
        }
    }

    /** Passes over what is said of files that were taken away. */
    private void awaitSent() throws InterruptedException {
        String sentence = next();
        while (sentence.startsWith("took away")) {
            sentence = next();
        }
        assertThat(sentence).startsWith("sent demo ");
    }

    /** What is written now and then closes the segment before, which alone is cleaned. Some tombstones stay: those that a producer wrote last. */
    private void awaitCleaned(int chunks) throws Exception {
        long deadline = System.nanoTime() + 3 * SOON.toNanos();
        List<String> left = chunksLeft();
        while (left.size() != chunks || Set.copyOf(left).size() != chunks) {
            assertThat(System.nanoTime()).as("%s", left).isLessThan(deadline);
            Thread.sleep(200);
            try (KafkaProducer<byte[], byte[]> producer =
                    new KafkaProducer<>(kafka(), new ByteArraySerializer(), new ByteArraySerializer())) {
                for (int partition = 0; partition < 2; partition++) {
                    producer.send(new ProducerRecord<>(artifacts, partition, "roll".getBytes(), null))
                            .get();
                }
            }
            left = chunksLeft();
        }
    }

    private List<String> chunksLeft() {
        return records().stream()
                .filter(message -> message.value() != null)
                .map(message -> new String(message.key()))
                .toList();
    }

    private void configure(Map<String, String> settings) throws Exception {
        try (Admin admin = Admin.create(kafka())) {
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, artifacts),
                            settings.entrySet().stream()
                                    .map(setting -> new AlterConfigOp(
                                            new ConfigEntry(setting.getKey(), setting.getValue()),
                                            AlterConfigOp.OpType.SET))
                                    .toList()))
                    .all()
                    .get();
        }
    }

    @Test
    void onlyAFileOfTheListedDigestIsSent() throws Exception {
        ModelUpdate version = version(0);
        Files.writeString(stored(Bundles.of(version).uri().getPath()).resolve("model.txt"), "secret  0");
        announcer.announce(version);
        try (Relay relay = relay(settings())) {
            assertThat(next()).isEqualTo("refused 0 " + RejectionCode.DIGEST_MISMATCH);
        }
        assertThat(keys()).noneMatch(key -> key.startsWith(Sha256.of("secret  0".getBytes())));
        assertThat(values().values()).noneMatch(value -> value != null && new String(value).contains("secret"));
    }

    @Test
    void whatIsNotThereYetIsTrouble() throws Exception {
        Bundle bundle = Bundles.of(version(0));
        InBandBundles source = new InBandBundles(kafka(), artifacts, directory.resolve("spool"), Duration.ZERO);
        assertThatThrownBy(() -> source.open(bundle, bundle.files().get(0)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("0 of 8 chunks are on");
        InBandBundles other = new InBandBundles(kafka(), "none", directory.resolve("spool"), Duration.ZERO);
        assertThatThrownBy(() -> other.open(bundle, bundle.files().get(0)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("koine topics");
    }

    private RelaySettings settings() {
        Properties properties = new Properties();
        properties.putAll(kafka());
        RelaySettings preset = RelaySettings.of(properties);
        return new RelaySettings(
                properties, updates, artifacts, preset.content(), preset.limit(), preset.keep(), "none", false, null);
    }

    private static RelaySettings with(RelaySettings s, RelayedContent content, long limit, boolean again) {
        return new RelaySettings(
                s.kafka(), s.updates(), s.artifacts(), content, limit, s.keep(), "zstd", again, s.trusted());
    }

    private Relay relay(RelaySettings settings) {
        return Relay.start(settings, store, listener);
    }

    private String next() throws InterruptedException {
        return String.valueOf(told.poll(SOON.toSeconds(), TimeUnit.SECONDS));
    }

    private ModelSubscriber<Text> subscriber(Duration patience) throws Exception {
        return ModelSubscriber.<Text>builder()
                .bootstrapServers(broker.bootstrapServers())
                .updatesTopic(updates)
                .modelId("demo")
                .cacheDirectory(directory.resolve("service"))
                .bundleSource(new InBandBundles(kafka(), artifacts, directory.resolve("service/in-band"), patience))
                .loader(Text::load)
                .start();
    }

    private static void awaitTrouble(ModelSubscriber<Text> subscriber) throws InterruptedException {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (subscriber.status().troubles() == 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    /** A version that is announced at a place that is not there; its files lie elsewhere. */
    private ModelUpdate version(long number) throws Exception {
        Path announced = directory.resolve("announced").resolve("v" + number);
        Path there = stored(announced.toString());
        if (!Files.exists(there)) {
            Files.createDirectories(announced);
            Files.writeString(announced.resolve("model.txt"), "version " + number);
            Files.writeString(announced.resolve("vocabulary.txt"), "a b c");
            Files.write(announced.resolve("weights.bin"), weights(number));
            Files.createDirectories(there.getParent());
            Files.move(announced, there);
        }
        FileTree.delete(announced);
        Bundle bundle = new Bundle(announced.toUri(), Bundle.describe(there).files());
        return Updates.of("demo", number, bundle.digest(), Bundles.toAvro(bundle));
    }

    private Path stored(String announced) {
        return directory.resolve("store").resolve(Path.of(announced).getFileName());
    }

    private static byte[] weights(long number) {
        byte[] bytes = new byte[LONG];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    private static BundleFile file(Bundle bundle, String path) {
        return bundle.files().stream()
                .filter(file -> file.path().equals(path))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, Object> kafka() {
        return Map.of("bootstrap.servers", broker.bootstrapServers());
    }

    private void send(ChunkedFile file, int index, byte[] bytes) throws Exception {
        send(new ChunkKey(file.sha256(), index).bytes(), CODEC.encode(file.chunk(index, ByteBuffer.wrap(bytes))));
    }

    private void sendFrom(Bundle bundle, BundleFile file, int first, int end) throws Exception {
        byte[] content = Files.readAllBytes(stored(bundle.uri().getPath()).resolve(file.path()));
        ChunkedFile cut = ChunkedFile.of(file);
        for (int i = first; i < end; i++) {
            int from = i * ChunkedFile.CHUNK_BYTES;
            send(cut, i, Arrays.copyOfRange(content, from, from + cut.length(i)));
        }
    }

    private void takeAllAway() throws Exception {
        try (Admin admin = Admin.create(kafka())) {
            Map<TopicPartition, RecordsToDelete> all = new HashMap<>();
            for (ConsumerRecord<byte[], byte[]> record : records()) {
                all.put(
                        new TopicPartition(artifacts, record.partition()),
                        RecordsToDelete.beforeOffset(record.offset() + 1));
            }
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.TOPIC, artifacts),
                            List.of(new AlterConfigOp(
                                    new ConfigEntry("cleanup.policy", "compact,delete"), AlterConfigOp.OpType.SET))))
                    .all()
                    .get();
            admin.deleteRecords(all).all().get();
        }
        assertThat(records()).isEmpty();
    }

    private void send(byte[] key, byte @Nullable [] value) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka(), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(artifacts, key, value)).get();
        }
    }

    private List<ConsumerRecord<byte[], byte[]>> records() {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(kafka(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions =
                    List.of(new TopicPartition(artifacts, 0), new TopicPartition(artifacts, 1));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream()
                    .anyMatch(partition -> consumer.position(partition) < ends.getOrDefault(partition, 0L))) {
                consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            }
        }
        return all;
    }

    private List<String> keys() {
        return records().stream().map(message -> new String(message.key())).toList();
    }

    private Map<String, byte @Nullable []> values() {
        Map<String, byte @Nullable []> values = new HashMap<>();
        records().forEach(message -> values.put(new String(message.key()), message.value()));
        return values;
    }

    private void awaitRecords(int least) throws InterruptedException {
        long deadline = System.nanoTime() + 3 * SOON.toNanos();
        while (records().size() < least) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(50);
        }
    }
}
