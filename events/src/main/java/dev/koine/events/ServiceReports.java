package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ServiceReport;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** What services report on {@link Topics#SERVICES}. */
public final class ServiceReports {
    private static final EventCodec<ServiceReport> CODEC = EventCodec.of(ServiceReport.class);

    private ServiceReports() {}

    /** The key of a service's reports. */
    public static String key(String modelId, String service) {
        return modelId + "/" + service;
    }

    /**
     * The last report of each service, ordered by model and name; none where the broker has no such topic.
     *
     * @param kafka client properties; {@link EventFormat} reads those of a schema registry
     * @param modelId whose services; null for those of all
     * @throws IOException if the broker, or a schema registry that is asked for, does not answer
     */
    public static List<ServiceReport> newest(Properties kafka, @Nullable String modelId) throws IOException {
        EventFormat format = EventFormat.of(kafka);
        Map<String, ServiceReport> newest = new TreeMap<>();
        try (TopicReader reader = new TopicReader(kafka, List.of(Topics.SERVICES))) {
            for (ConsumerRecord<byte[], byte[]> message : reader.readAll()) {
                TopicReader.decoded(message, format, CODEC)
                        .filter(report -> modelId == null || modelId.equals(report.getModelId()))
                        .ifPresent(report -> newest.put(key(report.getModelId(), report.getService()), report));
            }
        }
        return List.copyOf(newest.values());
    }
}
