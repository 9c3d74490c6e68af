package dev.koine.cli.demo;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What the demonstration saw, as written by {@code --report}.
 *
 * @param versions in the order they were announced
 * @param rejections what was refused
 * @param service what the speech service did meanwhile
 */
record DemoReport(List<Version> versions, List<Rejected> rejections, Service service) {

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

        /** Mean word error rate over the languages. */
        double meanMerged() {
            return errorRates.values().stream()
                    .mapToDouble(ErrorRates::merged)
                    .average()
                    .orElse(Double.NaN);
        }
    }

    /** Word error rates on held-out speech, as fractions: of the base, of this version, of the language's own expert. */
    record ErrorRates(double base, double merged, double expert) {}

    /** A rejection. */
    record Rejected(String code, String message) {}

    /** Calls that the speech service answered and failed to answer. */
    record Service(long decoded, long failed, long versions) {}

    void write(Path file) throws IOException {
        JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build().writeValue(file.toFile(), this);
    }
}
