package dev.koine.lifecycle.gate;

import dev.koine.engine.Device;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.Bundles;
import dev.koine.schemas.Change;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.YardstickScore;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A model's versions, each judged as the job judges it. What comes in says how many words are wrong, by language; of the rest, as many as
 * the base has.
 */
final class GatedStream {
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    private final ArtifactStore store;
    private final GatePolicy policy;
    private final Map<String, int[]> base = new TreeMap<>();
    private final List<ModelUpdate> versions = new ArrayList<>();
    private CountingExaminer examiner = new CountingExaminer();
    private Evaluations evaluations;

    /** @param errors of the base: wrong words, by language */
    GatedStream(Path directory, GatePolicy policy, Map<String, Integer> errors) throws Exception {
        this.store = LocalStore.open(directory);
        this.policy = policy;
        this.evaluations = evaluations();
        base.putAll(spread(errors));
        offer(Change.REGISTERED, "", List.of(), Standings.staying(policy, List.of()), null, spread(errors));
    }

    private Evaluations evaluations() {
        return new Evaluations(store, examiner, new OnnxOptions(1, Device.CPU), 1);
    }

    /** Forgets what is in memory alone. */
    void restart() {
        examiner = new CountingExaminer();
        evaluations = evaluations();
    }

    /** How many models were evaluated since the last start. */
    int evaluated() {
        return examiner.evaluations();
    }

    ModelUpdate newest() {
        return versions.get(versions.size() - 1);
    }

    /** An expert comes in, or a newer revision of it, and the gate may refuse it. @param id its language */
    GateReport merge(String id, Map<String, Integer> errors) throws Exception {
        return mergeWith(id, spread(errors));
    }

    GateReport mergeWith(String id, Map<String, int[]> errors) throws Exception {
        List<MergedExpert> before = newest().getExperts();
        List<MergedExpert> after = new ArrayList<>(before);
        boolean isThere = after.removeIf(expert -> expert.getExpertId().equals(id));
        after.add(expert(id, "sha256:" + "1".repeat(64)));
        return offer(
                isThere ? Change.REPLACED : Change.MERGED,
                id,
                after,
                Standings.merging(policy, before, List.of(id)),
                null,
                errors);
    }

    GateReport protect(String id, Map<String, Integer> errors) throws Exception {
        List<MergedExpert> after = new ArrayList<>(newest().getExperts());
        after.add(expert(id, ""));
        return offer(Change.MERGED, id, after, Standings.staying(policy, after), null, spread(errors));
    }

    GateReport retract(String id, Map<String, Integer> errors) throws Exception {
        List<MergedExpert> after = newest().getExperts().stream()
                .filter(expert -> !expert.getExpertId().equals(id))
                .toList();
        return offer(Change.RETRACTED, id, after, Standings.staying(policy, after), null, spread(errors));
    }

    GateReport rollBack(int version) throws Exception {
        ModelUpdate old = versions.get(version);
        Standings standings = Standings.staying(policy, old.getExperts());
        Path model = store.bundle(old.getDigest());
        Evaluations.Question question = question(standings, old);
        Evaluation evaluation = evaluations.evaluate(model, question);
        announce(Change.ROLLED_BACK, "", old.getExperts(), Bundle.describe(model), evaluation.report());
        return evaluation.report();
    }

    /** Takes a version's model out of the store. */
    void lose(int version) throws IOException {
        for (StoredArtifact artifact : store.list()) {
            if (artifact.digest().equals(versions.get(version).getDigest())) {
                store.remove(artifact);
            }
        }
    }

    private GateReport offer(
            Change change,
            String expertId,
            List<MergedExpert> after,
            Standings standings,
            @Nullable ModelUpdate previous,
            Map<String, int[]> errors)
            throws Exception {
        Bundle candidate = store.<IOException>putBundle(target -> CountingExaminer.write(target, errors));
        Evaluations.Question question = question(standings, previous);
        Evaluation evaluation = evaluations.evaluate(store.bundle(candidate.digest()), question);
        boolean mayBeRefused = (change == Change.MERGED || change == Change.REPLACED)
                && after.stream()
                        .noneMatch(expert -> expert.getExpertId().equals(expertId)
                                && expert.getBundleDigest().isEmpty());
        if (evaluation.report().getPassed() || !mayBeRefused || GateMode.of(policy) == GateMode.OBSERVE) {
            evaluations.keep(candidate.digest(), question, evaluation);
            announce(change, expertId, after, candidate, evaluation.report());
        }
        return evaluation.report();
    }

    private Evaluations.Question question(Standings standings, @Nullable ModelUpdate previous) {
        if (versions.isEmpty()) {
            return new Evaluations.Question(policy, List.of(), standings, null, Yardsticks.NONE);
        }
        return new Evaluations.Question(
                policy,
                List.of(),
                standings,
                new Evaluations.Parent(newest().getDigest(), newest().getGate()),
                Yardsticks.of(policy, versions.get(0), previous == null ? newest() : previous, standings));
    }

    /** As state has it: encoded and decoded. */
    private void announce(Change change, String expertId, List<MergedExpert> experts, Bundle bundle, GateReport report)
            throws Exception {
        ModelUpdate update = Updates.of("m", versions.size(), bundle.digest(), Bundles.toAvro(bundle));
        update.setExperts(experts);
        update.setGate(report);
        update.getCause().setChange(change);
        update.getCause().setExpertId(expertId);
        versions.add(UPDATES.decode(UPDATES.encode(update)));
    }

    private static MergedExpert expert(String id, String bundleDigest) {
        return MergedExpert.newBuilder()
                .setExpertId(id)
                .setRevision(1L)
                .setLanguages(List.of(id))
                .setTasks(List.of())
                .setWeight(1)
                .setBundleDigest(bundleDigest)
                .setTaskVectorDigest("")
                .build();
    }

    private Map<String, int[]> spread(Map<String, Integer> errors) {
        Map<String, int[]> all = new TreeMap<>(base);
        errors.forEach((language, wrong) -> all.put(language, CountingExaminer.spread(wrong)));
        return all;
    }

    /** Where a report holds a language against a yardstick. */
    static YardstickScore held(GateReport report, String language, Yardstick yardstick) {
        return find(report, language, yardstick).orElseThrow();
    }

    static boolean isHeld(GateReport report, String language, Yardstick yardstick) {
        return find(report, language, yardstick).isPresent();
    }

    private static Optional<YardstickScore> find(GateReport report, String language, Yardstick yardstick) {
        return score(report, language).getYardsticks().stream()
                .filter(score -> score.getYardstick().equals(yardstick.name()))
                .findFirst();
    }

    static LanguageScore score(GateReport report, String language) {
        return report.getScores().stream()
                .filter(score -> score.getLanguage().equals(language))
                .findFirst()
                .orElseThrow();
    }
}
