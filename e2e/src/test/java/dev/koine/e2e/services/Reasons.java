package dev.koine.e2e.services;

import dev.koine.events.CommittedReads;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** All that services have ever reported: which versions they gave up, and why. */
record Reasons(List<ServiceReport> reports) {
    private static final EventCodec<ServiceReport> CODEC = EventCodec.of(ServiceReport.class);

    /** Reads the topic from its beginning. */
    static Reasons read(Properties kafka) throws Exception {
        List<ServiceReport> reports = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                CommittedReads.settings(kafka), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> all = consumer.partitionsFor(Topics.SERVICES).stream()
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(place -> consumer.position(place) < ends.getOrDefault(place, 0L))) {
                for (ConsumerRecord<byte[], byte[]> message : consumer.poll(Duration.ofMillis(200))) {
                    reports.add(CODEC.decode(message.value()));
                }
            }
        }
        return new Reasons(reports);
    }

    /** Whether a service has said why it does not serve a version. */
    boolean tells(String service, long version) {
        return reports.stream()
                .filter(report -> report.getService().equals(service))
                .flatMap(report -> report.getFailures().stream())
                .anyMatch(failure -> isOf(failure, version));
    }

    private static boolean isOf(ServiceFailure failure, long version) {
        Long said = failure.getVersion();
        return said == null ? failure.getReason().startsWith("Version " + version + " of ") : said == version;
    }

    /** What a service says in the end that it serves; -1 for nothing. */
    long serves(String service) {
        long version = -1;
        for (ServiceReport report : reports) {
            if (report.getService().equals(service)) {
                version = report.getVersion() == null ? -1 : report.getVersion();
            }
        }
        return version;
    }

    /** How many reports there are of each service. */
    Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        reports.forEach(report -> counts.merge(report.getService(), 1, Integer::sum));
        return counts;
    }
}
