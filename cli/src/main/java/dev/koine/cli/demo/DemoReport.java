package dev.koine.cli.demo;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.RejectedException;
import dev.koine.events.Bundles;
import dev.koine.events.MergedExperts;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the demonstration saw, as written by {@code --report}.
 *
 * @param versions in the order they were announced
 * @param rejections what was refused
 * @param service what the speech service did meanwhile
 * @param weighed what became of the model whose experts came with statistics
 */
record DemoReport(List<Version> versions, List<Rejected> rejections, Service service, Weighed weighed) {

    /**
     * @param change what made the version
     * @param experts ids of the experts inside, with the revision behind a colon where it is not the first
     * @param errorRates by language
     * @param bundleBytes size of the announced bundle
     * @param eventToServedMillis from the event's timestamp in Kafka to the swap in the service
     */
    record Version(
            long version,
            String change,
            List<String> experts,
            String digest,
            Map<String, ErrorRates> errorRates,
            long bundleBytes,
            long eventToServedMillis) {

        static Version of(String change, ServedVersion served, Map<String, ErrorRates> rates) throws RejectedException {
            ModelUpdate update = served.update();
            return new Version(
                    update.getVersion(),
                    change,
                    update.getExperts().stream().map(Version::name).toList(),
                    served.digest(),
                    rates,
                    Bundles.fromAvro(update.getBundle()).bytes(),
                    Duration.between(update.getCause().getPosition().getTimestamp(), served.since())
                            .toMillis());
        }

        private static String name(MergedExpert expert) {
            if (MergedExperts.isProtection(expert)) {
                return expert.getExpertId() + "(protected)";
            }
            return expert.getRevision() == 1 ? expert.getExpertId() : expert.getExpertId() + ":" + expert.getRevision();
        }

        /** Mean word error rate over the languages. */
        double meanMerged() {
            return errorRates.values().stream()
                    .mapToDouble(ErrorRates::merged)
                    .average()
                    .orElse(Double.NaN);
        }
    }

    /** Word error rates on held-out speech, as fractions: of the base, of this version, of the language's own expert. */
    record ErrorRates(double base, double merged, double expert) {
        /** By language, in the order of {@code merged}; those of a model that does not know it are not numbers. */
        static Map<String, ErrorRates> of(
                Map<String, Double> base, Map<String, Double> merged, Map<String, Double> experts) {
            Map<String, ErrorRates> rates = new LinkedHashMap<>();
            merged.forEach((language, rate) -> rates.put(
                    language,
                    new ErrorRates(
                            base.getOrDefault(language, Double.NaN),
                            rate,
                            experts.getOrDefault(language, Double.NaN))));
            return rates;
        }
    }

    /**
     * A model whose experts came with statistics.
     *
     * @param summed word error rate by language of the plain sum of the same experts
     * @param version with all experts inside and a language protected
     */
    record Weighed(Map<String, Double> summed, Version version) {}

    /** A rejection. */
    record Rejected(String code, String message) {}

    /** Calls that the speech service answered and failed to answer. */
    record Service(long decoded, long failed, long versions) {}

    void write(Path file) throws IOException {
        JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValue(file.toFile(), this);
    }
}
