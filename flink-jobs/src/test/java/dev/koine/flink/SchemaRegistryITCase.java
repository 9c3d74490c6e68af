package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.events.registry.EventFormat;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Job, sender and subscriber that speak a schema registry's wire format, with a registry that is down at times. */
class SchemaRegistryITCase {
    private static final List<String> SUBJECTS =
            List.of("koine.models-value", "koine.experts-value", "koine.updates-value", "koine.rejections-value");
    private static final List<Schema> SCHEMAS = List.of(
            EventCodec.of(ModelRegistration.class).schema(),
            EventCodec.of(ExpertEvent.class).schema(),
            EventCodec.of(ModelUpdate.class).schema(),
            EventCodec.of(Rejection.class).schema());

    @TempDir
    Path directory;

    @Test
    void bothFormatsAreReadAndAnOutageCostsNothing() throws Exception {
        HttpServer registry = registry(0);
        int port = registry.getAddress().getPort();
        Map<String, String> settings = Map.of(EventFormat.URL, "http://127.0.0.1:" + port);
        try (KoineHarness koine = KoineHarness.start(directory, job -> job.withKafka(settings));
                ModelSubscriber<AutoCloseable> subscriber = ModelSubscriber.<AutoCloseable>builder()
                        .bootstrapServers(koine.broker.bootstrapServers())
                        .consumerProperties(settings)
                        .modelId("ctc")
                        .cacheDirectory(directory.resolve("service"))
                        .bundleSource(BundleSource.LOCAL)
                        .loader(bundle -> () -> {})
                        .start()) {
            assertThat(updated(koine.register("ctc", Fixtures.ctc("base"))).getVersion())
                    .isZero();
            assertThat(updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca"))).getVersion())
                    .isEqualTo(1);
            ExpertEvent plain = KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1);
            Position own = koine.publisher.publish(
                    "koine.experts", "ctc", EventCodec.of(ExpertEvent.class).encode(plain));
            assertThat(updated(koine.await(own)).getVersion()).isEqualTo(2);

            Position unknown = koine.publisher.publish("koine.experts", "ctc", new byte[] {0, 0, 0, 0, 77, 1});
            assertThat(rejected(koine.await(unknown)).getMessage()).contains("schema 77");

            registry.stop(0);
            Position meanwhile = koine.publisher.publish("koine.experts", "ctc", new byte[] {0, 0, 0, 0, 78, 1});
            Thread.sleep(2000);
            registry = registry(port);
            assertThat(rejected(koine.await(meanwhile)).getMessage()).contains("schema 78");
            assertThat(updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es"))).getVersion())
                    .isEqualTo(3);
            subscriber.awaitVersion(3, KoineHarness.PATIENCE);
            assertThat(firstBytes(koine, Topics.DEFAULT.updates())).hasSize(4).containsOnly((byte) 0);
            assertThat(firstBytes(koine, Topics.DEFAULT.rejections()))
                    .hasSize(2)
                    .containsOnly((byte) 0);
        } finally {
            registry.stop(0);
        }
    }

    private static List<Byte> firstBytes(KoineHarness koine, String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", koine.broker.bootstrapServers(), "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            List<Byte> bytes = new java.util.ArrayList<>();
            for (int i = 0; i < 10; i++) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(300))) {
                    bytes.add(record.value()[0]);
                }
            }
            return bytes;
        }
    }

    /** Knows Koine's schemas under the ids 1 to 4. */
    private static HttpServer registry(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            String answer = "";
            for (int i = 0; i < SUBJECTS.size(); i++) {
                if (path.equals("/subjects/" + SUBJECTS.get(i) + "/versions")) {
                    answer = "{\"id\":" + (i + 1) + "}";
                } else if (path.equals("/schemas/ids/" + (i + 1))) {
                    String schema = SCHEMAS.get(i).toString();
                    answer = "{\"schema\":\"" + schema.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}";
                }
            }
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.isEmpty() ? 404 : 200, Math.max(1, bytes.length));
            exchange.getResponseBody().write(answer.isEmpty() ? new byte[] {' '} : bytes);
            exchange.close();
        });
        server.start();
        return server;
    }
}
