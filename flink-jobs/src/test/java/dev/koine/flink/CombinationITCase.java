package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.flink.harness.Evaluated;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.PatchingService;
import dev.koine.flink.harness.StoreChecks;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experts that are made of kept task vectors. */
class CombinationITCase {
    @TempDir
    Path directory;

    @Test
    void anExpertIsMadeOfTaskVectorsInsideWithoutReadingAnything() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory);
                PatchingService service = PatchingService.start(koine, "ctc", directory.resolve("service"))) {
            service.serves(updated(koine.register("ctc", Fixtures.ctc("base"))));
            updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es")));
            ModelUpdate esCa = service.serves(updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca"))));
            long experts = countBundles();

            ModelUpdate pt = service.serves(updated(koine.await(koine.send(
                    Evaluated.combination("pt", "pt", new CombineTerm("es", 1.0), new CombineTerm("ca", -0.5))))));
            assertThat(service.computed()).isGreaterThanOrEqualTo(2);
            MergedExpert combined = pt.getExperts().get(2);
            assertThat(combined.getExpertId()).isEqualTo("pt");
            assertThat(combined.getBundleDigest()).isEmpty();
            assertThat(combined.getCombine()).containsExactly(new CombineTerm("es", 1.0), new CombineTerm("ca", -0.5));
            assertThat(countBundles()).as("the new version's").isEqualTo(experts + 1);

            ModelUpdate esOut = updated(koine.retract("ctc", "es"));
            assertThat(esOut.getExperts()).extracting(MergedExpert::getExpertId).containsExactly("ca", "pt");
            updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es")));
            assertThat(updated(koine.retract("ctc", "pt")).getDigest()).isEqualTo(esCa.getDigest());
        }
        assertThat(StoreChecks.sweep(directory).versions()).isZero();
        assertThat(StoreChecks.problems(directory)).isEmpty();
    }

    /** One of an expert with the factor 1 is that expert, and may be combined further. */
    @Test
    void combinationsAreExpertsLikeAnyOther() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es")));
            updated(koine.await(koine.send(Evaluated.combination("copy", "es", new CombineTerm("es", 1.0)))));
            updated(koine.await(koine.send(Evaluated.combination("again", "es", new CombineTerm("copy", 1.0)))));
            updated(koine.retract("ctc", "es"));
            ModelUpdate alone = updated(koine.retract("ctc", "copy"));
            assertThat(alone.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, "es"));
            assertThat(alone.getUpdateShare()).as("all weights are float32").isNull();

            Path inputs = Files.createDirectories(directory.resolve("inputs"));
            updated(koine.register("half", TinyModel.halfBase(inputs.resolve("base"))));
            ModelUpdate half = updated(koine.merge("half", "es", 1, TinyModel.halfExpert(inputs.resolve("es"), 2)));
            assertThat(half.getUpdateShare()).isBetween(0.0, 0.8);
            assertThat(updated(koine.retract("half", "es")).getUpdateShare()).isNull();
        }
    }

    @Test
    void whatIsNotInsideCannotBeCombined() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es")));
            Rejection refused = rejected(koine.await(koine.send(
                    Evaluated.combination("pt", "pt", new CombineTerm("es", 0.7), new CombineTerm("gl", 0.3)))));
            assertThat(refused.getCode()).isEqualTo("NOT_MERGED");
            assertThat(refused.getMessage()).contains("'gl'", "[es]");
            assertThat(refused.getStage()).isEqualTo("HEAD");
        }
    }

    /** Scales that are a number for each weight are kept, found again by a rollback, and not taken away. */
    @Test
    void scalesOfEachWeightAreKept() throws Exception {
        ModelUpdate both;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            Recipe stock = Recipe.PUBLISHED.with(Scale.of(Scaling.MODEL_STOCK, 1));
            updated(koine.await(koine.send(KoineHarness.registration(
                    "ctc", dev.koine.engine.store.Bundle.describe(Fixtures.ctc("base")), stock))));
            updated(koine.merge("ctc", "es", 1, Fixtures.ctc("es")));
            both = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            assertThat(both.getScalesDigest()).startsWith("sha256:");
            assertThat(both.getScale()).isBetween(0.0, 1.0);
            updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de-2")));
        }
        assertThat(StoreChecks.sweep(directory).versions()).isZero();
        assertThat(StoreChecks.problems(directory)).isEmpty();
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate again = updated(koine.await(koine.send(dev.koine.schemas.ExpertEvent.newBuilder()
                    .setAction(dev.koine.schemas.ExpertAction.ROLLBACK)
                    .setModelId("ctc")
                    .setBackTo(both.getVersion())
                    .setTime(java.time.Instant.now())
                    .build())));
            assertThat(again.getDigest()).isEqualTo(both.getDigest());
            assertThat(again.getScalesDigest()).isEqualTo(both.getScalesDigest());
        }
        Path scales = directory
                .resolve("store")
                .resolve("artifacts")
                .resolve(both.getScalesDigest().substring("sha256:".length()));
        Files.delete(scales);
        assertThat(StoreChecks.problems(directory)).anyMatch(problem -> problem.contains("lacks its scales"));
    }

    private long countBundles() throws Exception {
        try (Stream<Path> bundles = Files.list(directory.resolve("store").resolve("bundles"))) {
            return bundles.count();
        }
    }
}
