package dev.koine.serving;

import dev.koine.engine.Device;
import dev.koine.events.KafkaClassNames;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.Serializable;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a worker has to know to serve a model; the same settings in one JVM mean the same subscriber. Travels from where a pipeline is built
 * to where it runs, so places are those of the machine it runs on.
 *
 * @param kafka settings of the Kafka consumer, {@code bootstrap.servers} among them, and of a schema registry, as {@link
 *     dev.koine.events.registry.EventFormat} has them
 * @param updatesTopic the inference topic
 * @param modelId the model to follow
 * @param cacheDirectory below which each JVM keeps copies of versions in a folder of its own; null for one in Java's temporary directory
 * @param device where sessions run
 * @param intraOpThreads threads that share one call; 0 for one a core
 * @param firstVersionWithin how long to wait for the first version
 * @param trustedKeys whose updates are taken; null for anybody's
 * @param quarantine limits of the process that each version is tried in before it is loaded here; null for no trial
 */
public record ServingSettings(
        Map<String, String> kafka,
        String updatesTopic,
        String modelId,
        @Nullable String cacheDirectory,
        Device device,
        int intraOpThreads,
        Duration firstVersionWithin,
        @Nullable TrustedKeys trustedKeys,
        @Nullable QuarantineLimits quarantine)
        implements Serializable {
    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";

    /** @throws IllegalArgumentException if something is missing or makes no sense */
    public ServingSettings {
        kafka = KafkaClassNames.here(kafka);
        if (kafka.getOrDefault(BOOTSTRAP_SERVERS, "").isBlank()) {
            throw new IllegalArgumentException(
                    "No broker is named. Give Kafka's " + BOOTSTRAP_SERVERS + ", such as localhost:9092.");
        }
        if (modelId.isBlank()) {
            throw new IllegalArgumentException("No model is named. Give the id that it was registered with.");
        }
        if (updatesTopic.isBlank()) {
            throw new IllegalArgumentException("No topic is named. Leave it at " + Topics.DEFAULT.updates()
                    + ", or give the one that the merge job announces versions on.");
        }
        if (intraOpThreads < 0) {
            throw new IllegalArgumentException("intraOpThreads is " + intraOpThreads + ". Give 0 or more.");
        }
        if (firstVersionWithin.isNegative() || firstVersionWithin.isZero()) {
            throw new IllegalArgumentException(
                    "The time to wait for the first version is " + firstVersionWithin + ". Give more than none.");
        }
    }

    /** The model that this broker announces versions of; two minutes for the first one, one thread a call, a GPU if there is one. */
    public static ServingSettings of(String bootstrapServers, String modelId) {
        return of(Map.of(BOOTSTRAP_SERVERS, bootstrapServers), modelId);
    }

    /** As {@link #of(String, String)}, with all that Kafka is to be told. */
    public static ServingSettings of(Map<String, String> kafka, String modelId) {
        return new ServingSettings(
                kafka, Topics.DEFAULT.updates(), modelId, null, Device.AUTO, 1, Duration.ofMinutes(2), null, null);
    }

    /** These with more settings for Kafka. */
    public ServingSettings withKafka(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(kafka);
        all.putAll(more);
        return new ServingSettings(
                all,
                updatesTopic,
                modelId,
                cacheDirectory,
                device,
                intraOpThreads,
                firstVersionWithin,
                trustedKeys,
                quarantine);
    }

    public ServingSettings withUpdatesTopic(String topic) {
        return new ServingSettings(
                kafka,
                topic,
                modelId,
                cacheDirectory,
                device,
                intraOpThreads,
                firstVersionWithin,
                trustedKeys,
                quarantine);
    }

    /** @param directory of the machine that serves */
    public ServingSettings withCacheDirectory(String directory) {
        return new ServingSettings(
                kafka,
                updatesTopic,
                modelId,
                directory,
                device,
                intraOpThreads,
                firstVersionWithin,
                trustedKeys,
                quarantine);
    }

    /** @param threads that share one call; 0 for one a core */
    public ServingSettings withDevice(Device where, int threads) {
        return new ServingSettings(
                kafka,
                updatesTopic,
                modelId,
                cacheDirectory,
                where,
                threads,
                firstVersionWithin,
                trustedKeys,
                quarantine);
    }

    public ServingSettings withFirstVersionWithin(Duration time) {
        return new ServingSettings(
                kafka, updatesTopic, modelId, cacheDirectory, device, intraOpThreads, time, trustedKeys, quarantine);
    }

    /** Takes only updates that one of these keys has signed. */
    public ServingSettings withTrustedKeys(TrustedKeys keys) {
        return new ServingSettings(
                kafka,
                updatesTopic,
                modelId,
                cacheDirectory,
                device,
                intraOpThreads,
                firstVersionWithin,
                keys,
                quarantine);
    }

    /** Tries each version in a process of its own first. */
    public ServingSettings withQuarantine(QuarantineLimits limits) {
        return new ServingSettings(
                kafka,
                updatesTopic,
                modelId,
                cacheDirectory,
                device,
                intraOpThreads,
                firstVersionWithin,
                trustedKeys,
                limits);
    }

    /** Brokers to begin with. */
    String bootstrapServers() {
        return kafka.getOrDefault(BOOTSTRAP_SERVERS, "");
    }

    /** Without the values of Kafka's settings, among which are passwords. */
    @Override
    public String toString() {
        return "model " + modelId + " on " + updatesTopic + " at " + bootstrapServers() + " (Kafka settings "
                + new TreeSet<>(kafka.keySet()) + ", cache " + cacheDirectory + ", " + device + ", threads "
                + intraOpThreads + ", first version within " + firstVersionWithin
                + (trustedKeys == null ? "" : ", signed") + (quarantine == null ? "" : ", quarantine") + ")";
    }
}
