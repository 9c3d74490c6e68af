package dev.koine.lifecycle.history;

import dev.koine.engine.Progress;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.GateReports;
import dev.koine.events.MergedExperts;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Takes away what no kept version and no running merge refers to.
 *
 * <p>Kept are the versions that the policy names, and one more than it says, of those made before the oldest running merge began; and all that were
 * made since: they may be recorded and not announced, however many, and a crash goes back to the newest that was.
 * Of the rest first the records go, so that nobody begins to use them, then what only they referred to: files and bundles that were put
 * before the oldest running merge began and longer ago than the grace. Putting something again makes it young again, so that what a
 * merge needs stays, also if it was there before. Whoever is stopped in between leaves what the next run takes.
 */
public final class Retention {
    /** Times of files come from a file system's clock, which may be another machine's or tick some milliseconds behind ours. */
    private static final Duration CLOCKS = Duration.ofSeconds(2);

    /** What is written outside of merges, such as the record that one begins, is written long before this. */
    private static final Duration LONGEST_WRITE = Duration.ofMinutes(10);

    private final ArtifactStore store;
    private final RetentionPolicy policy;

    public Retention(ArtifactStore store, RetentionPolicy policy) {
        this.store = store;
        this.policy = policy;
    }

    /**
     * What was taken away, or would be.
     *
     * @param versions records of versions
     * @param artifacts files and bundles
     * @param bytes of these
     * @param unfinished things that somebody began to write and did not finish
     * @param kept files and bundles that stay
     */
    public record Swept(int versions, int artifacts, long bytes, int unfinished, int kept) {}

    /**
     * Looks through the whole store once.
     *
     * @param isDry only to say what would be taken away
     */
    public Swept sweep(Instant now, boolean isDry, Progress progress) throws IOException {
        Instant graceful = now.minus(policy.grace());
        Optional<Instant> begun = new RunningMerges(store.records()).oldest();
        Instant settled = begun.filter(now::isAfter).orElse(now).minus(CLOCKS);
        Instant before = begun.filter(graceful::isAfter).orElse(graceful).minus(CLOCKS);
        VersionRecords records = new VersionRecords(store.records());
        List<VersionRecords.Recorded> kept = new ArrayList<>();
        List<VersionRecords.Recorded> outdated = new ArrayList<>();
        divide(records.all(), now, settled, kept, outdated);
        if (!isDry) {
            for (VersionRecords.Recorded version : outdated) {
                records.delete(version);
            }
        }
        Set<String> referred = new HashSet<>();
        for (VersionRecords.Recorded version : kept) {
            refer(version.update(), referred);
        }
        int artifacts = 0;
        long bytes = 0;
        List<StoredArtifact> all = store.list();
        for (int i = 0; i < all.size(); i++) {
            StoredArtifact artifact = all.get(i);
            boolean isGarbage =
                    !referred.contains(artifact.digest()) && artifact.renewed().isBefore(before);
            if (isGarbage && (isDry || store.remove(artifact))) {
                artifacts++;
                bytes += artifact.bytes();
            }
            progress.report("looking through the store", i + 1, all.size());
        }
        int unfinished = isDry ? 0 : store.removeUnfinished(before.minus(LONGEST_WRITE));
        return new Swept(outdated.size(), artifacts, bytes, unfinished, all.size() - artifacts);
    }

    /** @param settled versions that were made later may not be announced, and what is made after a crash begins before them */
    private void divide(
            List<VersionRecords.Recorded> all,
            Instant now,
            Instant settled,
            List<VersionRecords.Recorded> kept,
            List<VersionRecords.Recorded> outdated) {
        Map<String, NavigableSet<Long>> versions = new TreeMap<>();
        for (VersionRecords.Recorded version : all) {
            if (!version.update().getTime().isAfter(settled)) {
                versions.computeIfAbsent(version.update().getModelId(), model -> new TreeSet<>())
                        .add(version.update().getVersion());
            }
        }
        Map<String, Long> oldestKept = new TreeMap<>();
        versions.forEach((model, numbers) -> oldestKept.put(model, oldestKept(numbers)));
        for (VersionRecords.Recorded version : all) {
            ModelUpdate update = version.update();
            boolean isNew = update.getVersion() >= oldestKept.getOrDefault(update.getModelId(), 0L);
            boolean isYoung = update.getTime().isAfter(settled)
                    || update.getTime().isAfter(now.minus(policy.age()))
                    || update.getTime().isAfter(now.minus(policy.grace()));
            (isNew || isYoung || update.getVersion() == 0 ? kept : outdated).add(version);
        }
    }

    private long oldestKept(NavigableSet<Long> versions) {
        return policy.versions() == 0
                ? 0
                : versions.descendingSet().stream()
                        .skip(policy.versions())
                        .findFirst()
                        .orElse(0L);
    }

    private void refer(ModelUpdate version, Set<String> referred) throws IOException {
        referred.add(version.getDigest());
        if (version.getScalesDigest() != null) {
            referred.add(version.getScalesDigest());
        }
        if (version.getCheckpointDigest() != null) {
            referred.add(version.getCheckpointDigest());
        }
        if (version.getWeightMapDigest() != null) {
            referred.add(version.getWeightMapDigest());
        }
        if (version.getGate() != null) {
            referred.addAll(version.getGate().getEvaluationSets());
        }
        GateReports.yardsticks(version.getGate()).forEach(yardstick -> referred.add(yardstick.getDigest()));
        for (MergedExpert expert : version.getExperts()) {
            if (policy.experts()) {
                referred.add(expert.getBundleDigest());
            }
            if (referred.add(expert.getTaskVectorDigest())) {
                referred.addAll(
                        TaskVector.get(store, expert.getTaskVectorDigest()).needs());
            }
            MergedExperts.patchDigest(expert).ifPresent(referred::add);
        }
    }
}
