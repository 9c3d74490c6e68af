package dev.koine.e2e.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;

/** Holds what the topics say in the end against what was sent. */
final class Audit {
    private final Map<String, Workload.Planned> sent;
    private final List<ModelUpdate> updates = new ArrayList<>();
    private final List<Rejection> rejections = new ArrayList<>();

    /** @param outcomes all that the topics hold */
    Audit(Map<String, Workload.Planned> sent, List<Outcome> outcomes) {
        this.sent = sent;
        for (Outcome outcome : outcomes) {
            if (outcome instanceof Outcome.Updated updated) {
                updates.add(updated.update());
            } else if (outcome instanceof Outcome.Rejected rejected) {
                rejections.add(rejected.rejection());
            }
        }
    }

    /** Every event ended in exactly one update or one rejection, and in the one that it had to. */
    void eachEventEndedOnce() {
        Set<String> seen = new HashSet<>();
        for (ModelUpdate update : updates) {
            String position = Ledger.key(update.getCause().getPosition());
            assertThat(seen.add(position)).as("%s ended twice", position).isTrue();
            Workload.Planned event = sent.get(position);
            assertThat(event).as("%s was sent", position).isNotNull();
            assertThat(event.refusal()).as("%s was to be refused", position).isEmpty();
            assertThat(update.getModelId()).isEqualTo(event.modelId());
            assertThat(update.getVersion()).as("version of %s", position).isEqualTo(event.version());
            assertThat(update.getExperts())
                    .extracting(MergedExpert::getExpertId)
                    .containsExactlyInAnyOrderElementsOf(event.inside().keySet());
        }
        for (Rejection rejection : rejections) {
            String position = Ledger.key(rejection.getPosition());
            assertThat(seen.add(position)).as("%s ended twice", position).isTrue();
            Workload.Planned event = sent.get(position);
            assertThat(event).as("%s was sent", position).isNotNull();
            assertThat(event.refusal().map(Enum::name))
                    .as("%s was refused: %s", position, rejection.getMessage())
                    .contains(rejection.getCode());
        }
        assertThat(seen).isEqualTo(sent.keySet());
    }

    /** Versions of each model count up from 0, in the order of the topic, each the child of the one before. */
    void versionsAreGapless() {
        Map<String, List<ModelUpdate>> byModel = new TreeMap<>();
        updates.forEach(update -> byModel.computeIfAbsent(update.getModelId(), id -> new ArrayList<>())
                .add(update));
        byModel.forEach((model, versions) -> {
            assertThat(versions)
                    .as(model)
                    .extracting(ModelUpdate::getVersion)
                    .containsExactlyElementsOf(
                            LongStream.range(0, versions.size()).boxed().toList());
            for (ModelUpdate version : versions.subList(1, versions.size())) {
                assertThat(version.getParent()).isEqualTo(version.getVersion() - 1);
            }
        });
    }

    /** Every version has the digest that merging its experts offline gives. */
    void digestsAreThoseOfOfflineMerges(Models models) throws Exception {
        for (ModelUpdate update : updates) {
            String position = Ledger.key(update.getCause().getPosition());
            Workload.Planned event = sent.get(position);
            assertThat(event).as("%s was sent", position).isNotNull();
            assertThat(update.getDigest())
                    .as("version %d of %s", update.getVersion(), update.getModelId())
                    .isEqualTo(models.digest(event.inside()));
        }
    }

    /** Every announced bundle is there whole, and ONNX Runtime loads it. Returns how many different ones there are. */
    int everyVersionExistsAndLoads(BundleCheck check) throws Exception {
        Map<String, Bundle> announced = new HashMap<>();
        for (ModelUpdate update : updates) {
            Bundle bundle = Bundles.fromAvro(update.getBundle());
            assertThat(bundle.digest()).isEqualTo(update.getDigest());
            announced.put(update.getDigest(), bundle);
        }
        for (Bundle bundle : announced.values()) {
            check.require(bundle);
        }
        return announced.size();
    }

    /** The newest version's digest of each model. */
    Map<String, String> finalDigests() {
        Map<String, String> digests = new TreeMap<>();
        updates.forEach(update -> digests.put(update.getModelId(), update.getDigest()));
        return digests;
    }

    /** What the newest version of a model must have inside. */
    Map<String, Path> finalContents(String model) {
        return sent.values().stream()
                .filter(event -> event.modelId().equals(model))
                .reduce((first, second) -> second)
                .orElseThrow()
                .inside();
    }

    long newestVersion(String model) {
        return updates.stream()
                .filter(update -> update.getModelId().equals(model))
                .mapToLong(ModelUpdate::getVersion)
                .max()
                .orElse(-1);
    }

    int updates() {
        return updates.size();
    }

    /** Rejections, counted by their code. */
    Map<String, Long> rejectionsByCode() {
        Map<String, Long> counts = new TreeMap<>();
        rejections.forEach(rejection -> counts.merge(rejection.getCode(), 1L, Long::sum));
        return counts;
    }

    /** Checks a bundle in the store. */
    @FunctionalInterface
    interface BundleCheck {
        void require(Bundle bundle) throws Exception;
    }
}
