package dev.koine.flink;

import static dev.koine.flink.harness.Evaluated.score;
import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.Evaluated;
import dev.koine.flink.harness.FlinkMetrics;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.Metrics;
import dev.koine.flink.harness.PrometheusPage;
import dev.koine.flink.harness.StoreChecks;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.ScaleTrial;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The gate on the committed speech models: lets what is good pass, refuses what does harm, and leaves the model as it was, also
 * after a start. Verdicts that need no job of their own are in {@link GateVerdictsITCase}.
 */
class GateITCase {
    /** At ten times its weight an expert of the fixtures makes every language worse. */
    static final double TOO_MUCH = 10;

    @TempDir
    Path directory;

    @Test
    void aGoodExpertPassesAndAHarmfulOneIsRefusedWithNumbers() throws Exception {
        PrometheusPage page = PrometheusPage.atFreePort();
        try (KoineHarness koine = KoineHarness.start(
                directory,
                settings -> settings.with(MergeJobOptions.GC_INTERVAL, Duration.ofSeconds(1)),
                page.settings())) {
            ModelUpdate base = updated(register(
                    koine, Recipe.PUBLISHED, Evaluated.enforcing().setSample(30).build()));
            assertThat(base.getGate().getPassed()).isTrue();
            assertThat(base.getGate().getScores()).hasSize(3).allSatisfy(score -> {
                assertThat(score.getStanding()).isEqualTo("OTHER");
                assertThat(score.getBefore()).isNull();
                assertThat(score.getAfter().getUtterances()).isEqualTo(30);
                assertThat(score.getAfter().getWer())
                        .isEqualTo(score.getAfter().getError())
                        .isPositive();
                assertThat(score.getAfter().getCer()).isPositive();
                assertThat(score.getAfter().getLoss()).isPositive();
                assertThat(score.getAfter().getBleu()).isNull();
            });

            ModelUpdate ca = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            GateReport report = ca.getGate();
            assertThat(report.getPassed()).isTrue();
            assertThat(report.getReasons()).isEmpty();
            assertThat(report.getEvaluationSets())
                    .isEqualTo(base.getGate().getEvaluationSets())
                    .hasSize(3);
            assertThat(report.getEvaluationMillis()).isPositive();
            assertThat(report.getMergeMillis()).isPositive();
            assertThat(score(report, "ca").getStanding()).isEqualTo("NEW");
            assertThat(score(report, "ca").getBefore())
                    .isEqualTo(score(base.getGate(), "ca").getAfter());
            assertThat(score(report, "ca").getAfter().getError())
                    .isLessThan(score(report, "ca").getBefore().getError());
            assertThat(score(report, "ca").getGrowth().getLow()).isNegative();
            assertThat(score(report, "ca").getGrowth().getHigh()).isLessThanOrEqualTo(0);
            assertThat(report.getGrowthNew()).isEqualTo(score(report, "ca").getGrowth());
            assertThat(report.getGrowthInside()).isNull();
            assertThat(ca.getScale()).isEqualTo(0.2);
            assertThat(ca.getScalesDigest()).isNull();

            long bundles = countBundles();
            Rejection refused = rejected(merge(koine, "de", 1, "de-2", TOO_MUCH));
            assertThat(refused.getCode()).isEqualTo("GATE_REFUSED");
            assertThat(refused.getStage()).isEqualTo("HEAD");
            assertThat(refused.getMessage()).contains("ca (transcribe)", "grows from", "model is as it was");
            assertThat(refused.getGate().getPassed()).isFalse();
            assertThat(score(refused.getGate(), "ca").getStanding()).isEqualTo("INSIDE");
            assertThat(score(refused.getGate(), "ca").getAfter().getError())
                    .isGreaterThan(score(report, "ca").getAfter().getError() + 0.1);
            assertThat(countBundles())
                    .as("the copy of the expert, and no model")
                    .isEqualTo(bundles + 1);

            ModelUpdate caDe = updated(koine.merge("ctc", "de", 2, Fixtures.ctc("de-2")));
            assertThat(caDe.getVersion()).isEqualTo(2);
            assertThat(caDe.getParent()).isEqualTo(1);
            assertThat(caDe.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, "ca", "de-2"));
            assertThat(score(caDe.getGate(), "ca").getBefore())
                    .isEqualTo(score(report, "ca").getAfter());

            Rejection replacement = rejected(merge(koine, "de", 3, "de-2", -TOO_MUCH));
            assertThat(replacement.getCode()).isEqualTo("GATE_REFUSED");
            ModelUpdate withoutDe = updated(koine.retract("ctc", "de"));
            assertThat(withoutDe.getDigest()).isEqualTo(ca.getDigest());
            assertThat(withoutDe.getGate().getScores())
                    .extracting(LanguageScore::getStanding)
                    .containsExactly("INSIDE", "OTHER", "OTHER");
            assertThat(score(withoutDe.getGate(), "de").getAfter())
                    .isEqualTo(score(report, "de").getAfter());
            assertReported(page, report);
        }
    }

    /** What that came to is what Prometheus sees, and every metric and every name of Flink's that is built upon is there. */
    private static void assertReported(PrometheusPage page, GateReport report) throws Exception {
        Metrics seen = Metrics.all(page);
        assertThat(seen.value(JobMetrics.EVENTS_TAKEN, "ctc")).isEqualTo(6);
        assertThat(seen.value(JobMetrics.EVENTS_REJECTED, "ctc", "GATE_REFUSED"))
                .isEqualTo(2);
        assertThat(seen.value(JobMetrics.VERSIONS_MADE, "ctc", "registered")).isEqualTo(1);
        assertThat(seen.value(JobMetrics.VERSIONS_MADE, "ctc", "merged")).isEqualTo(2);
        assertThat(seen.value(JobMetrics.VERSIONS_MADE, "ctc", "retracted")).isEqualTo(1);
        assertThat(seen.value(JobMetrics.VERSION_NEWEST, "ctc")).isEqualTo(3);
        assertThat(seen.value(JobMetrics.VERSION_EXPERTS, "ctc")).isEqualTo(1);
        assertThat(seen.value(JobMetrics.VERSION_LANGUAGES, "ctc")).isEqualTo(1);
        assertThat(seen.value(JobMetrics.QUEUE_EVENTS, "ctc")).isZero();
        assertThat(seen.value(JobMetrics.QUEUE_OLDEST, "ctc")).isZero();
        assertThat(seen.value(JobMetrics.VERSION_AGE, "ctc")).isBetween(0.001, 600.0);
        assertThat(seen.value(JobMetrics.GATE_VERDICTS, "ctc", "passed")).isEqualTo(4);
        assertThat(seen.value(JobMetrics.GATE_VERDICTS, "ctc", "refused")).isEqualTo(2);
        assertThat(seen.count(JobMetrics.GATE_EVALUATION, "ctc")).isEqualTo(6);
        assertThat(seen.largest(JobMetrics.GATE_EVALUATION, "ctc"))
                .isGreaterThanOrEqualTo(report.getEvaluationMillis() / 1e3);
        assertThat(seen.count(JobMetrics.VERSION_MAKING, "ctc")).isEqualTo(5);
        assertThat(seen.count(JobMetrics.EVENT_ANNOUNCED, "ctc")).isEqualTo(4);
        assertThat(seen.largest(JobMetrics.EVENT_ANNOUNCED, "ctc"))
                .isBetween(report.getEvaluationMillis() / 1e3, 600.0);
        assertThat(seen.count(JobMetrics.PRUNE_TENSOR, "up_to_1m")).isPositive();
        assertThat(seen.value(JobMetrics.PRUNE_ELEMENTS, "up_to_1m")).isPositive();
        assertThat(seen.value(JobMetrics.STORE_WRITTEN)).isPositive();
        assertThat(seen.value(JobMetrics.STORE_SIZE, "bundle")).isPositive();
        assertThat(seen.value(JobMetrics.STORE_ARTIFACTS, "file")).isPositive();
        assertThat(seen.value(JobMetrics.STORE_FAILURES)).isZero();
        assertThat(seen.names()).containsAll(FlinkMetrics.NAMES);
    }

    @Test
    void aStartInBetweenChangesNoFigure() throws Exception {
        GatePolicy policy = Evaluated.enforcing()
                .setGuarded(List.of("es"))
                .setAgainst(List.of("BASE", "BEST"))
                .build();
        GateReport expected;
        try (KoineHarness koine = KoineHarness.start(directory.resolve("one"))) {
            updated(register(koine, Recipe.PUBLISHED, policy));
            updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            expected =
                    updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de-2"))).getGate();
        }
        try (KoineHarness koine = KoineHarness.start(directory.resolve("two"))) {
            updated(register(koine, Recipe.PUBLISHED, policy));
            updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
        }
        PrometheusPage page = PrometheusPage.atFreePort();
        try (KoineHarness koine = KoineHarness.start(directory.resolve("two"), settings -> settings, page.settings())) {
            Metrics seen = Metrics.with(page, JobMetrics.VERSION_NEWEST);
            assertThat(seen.value(JobMetrics.VERSION_NEWEST, "ctc"))
                    .as("known again without an event")
                    .isEqualTo(1);
            assertThat(seen.value(JobMetrics.VERSION_EXPERTS, "ctc")).isEqualTo(1);
            assertThat(seen.value(JobMetrics.QUEUE_EVENTS, "ctc")).isZero();
            GateReport again =
                    updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de-2"))).getGate();
            assertThat(again.getGrowthInside()).isNotNull().isEqualTo(expected.getGrowthInside());
            assertThat(again.getGrowthNew()).isEqualTo(expected.getGrowthNew());
            assertThat(score(again, "es").getYardsticks()).hasSize(2);
            assertThat(score(again, "ca").getYardsticks().get(1).getVersion()).isEqualTo(1);
            assertThat(again.getScores())
                    .isEqualTo(expected.getScores())
                    .allSatisfy(score -> assertThat(score.getGrowth()).isNotNull());
        }
    }

    @Test
    void aSearchTakesTheScaleThatDoesBestAndRecordsIt() throws Exception {
        Recipe searching = Recipe.PUBLISHED.with(Scale.search(List.of(0.05, 0.5, GateVerdictsITCase.NEVER)));
        ModelUpdate caDe;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate base =
                    updated(register(koine, searching, Evaluated.enforcing().build()));
            assertThat(base.getScale()).isNull();
            ModelUpdate ca = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            List<ScaleTrial> trials = ca.getGate().getScaleTrials();
            assertThat(trials).extracting(ScaleTrial::getScale).containsExactly(0.05, 0.5, GateVerdictsITCase.NEVER);
            assertThat(trials.get(1).getError())
                    .isEqualTo(score(ca.getGate(), "ca").getAfter().getError())
                    .isLessThan(trials.get(0).getError());
            assertThat(trials.get(2).getError()).isNull();
            assertThat(ca.getScale()).isEqualTo(0.5);
            assertThat(ca.getDigest()).isEqualTo(offline(0.5, "ca"));
            caDe = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de-2")));
            ModelUpdate empty = updated(rollback(koine, 0));
            assertThat(empty.getDigest()).isEqualTo(base.getDigest());
            assertThat(empty.getGate().getScaleTrials()).isEmpty();
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate again = updated(rollback(koine, 2));
            assertThat(again.getDigest()).isEqualTo(caDe.getDigest());
            assertThat(again.getScale()).isEqualTo(caDe.getScale());
            assertThat(again.getGate().getScaleTrials())
                    .as("nothing is searched")
                    .isEmpty();
            assertThat(again.getGate().getScores())
                    .extracting(LanguageScore::getAfter)
                    .isEqualTo(caDe.getGate().getScores().stream()
                            .map(LanguageScore::getAfter)
                            .toList());
        }
        assertThat(StoreChecks.problems(directory)).isEmpty();
    }

    private static Outcome register(KoineHarness koine, Recipe recipe, @Nullable GatePolicy policy) throws Exception {
        ModelRegistration registration = Evaluated.registration("ctc", "ctc", recipe, policy, "ca", "de", "es");
        return koine.await(koine.send(registration));
    }

    private static Outcome merge(KoineHarness koine, String expertId, long revision, String name, double weight)
            throws Exception {
        return koine.merge("ctc", expertId, revision, Bundle.describe(Fixtures.ctc(name)), weight);
    }

    private static Outcome rollback(KoineHarness koine, long version) throws Exception {
        return koine.await(koine.send(ExpertEvent.newBuilder()
                .setAction(dev.koine.schemas.ExpertAction.ROLLBACK)
                .setModelId("ctc")
                .setBackTo(version)
                .setTime(Instant.now())
                .build()));
    }

    private String offline(double scale, String... experts) throws Exception {
        return Fixtures.mergedOffline(directory, Recipe.PUBLISHED.with(Scale.fixed(scale)), experts);
    }

    private long countBundles() throws Exception {
        try (Stream<Path> bundles = Files.list(directory.resolve("store").resolve("bundles"))) {
            return bundles.count();
        }
    }
}
