package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.PatchingService;
import dev.koine.flink.harness.StoreChecks;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.statistics.StatisticsCollector;
import dev.koine.testkit.Fixtures;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experts that come with statistics, and languages that are protected by them, through the whole job. */
class WeighedMergeITCase {
    private static final Recipe RECIPE = Recipe.standard(new RegMean());
    private static final Path BASE = Fixtures.ctc("base");

    @TempDir
    Path directory;

    private String baseDigest = "";

    @BeforeEach
    void hashTheBase() throws Exception {
        baseDigest = Bundle.describe(BASE).digest();
    }

    @Test
    void aVersionIsAFunctionOfExpertsAndStatistics() throws Exception {
        Path de = statistics("de");
        try (KoineHarness koine = KoineHarness.start(directory)) {
            try (PatchingService service = PatchingService.start(koine, "ctc", directory.resolve("service"))) {
                comesAndGoes(koine, service, statistics("ca"), de, statistics("fr"));
                assertThat(service.computed())
                        .as("versions whose bytes were not in its cache")
                        .isEqualTo(5);
            }
            whatIsWrongWithStatisticsIsSaidAndChangesNothing(koine, de);
        }
        assertThat(StoreChecks.problems(directory)).isEmpty();
        StoreChecks.sweep(directory);
        assertThat(StoreChecks.problems(directory)).isEmpty();
    }

    private void comesAndGoes(KoineHarness koine, PatchingService service, Path ca, Path de, Path fr) throws Exception {
        service.serves(updated(koine.register("ctc", Bundle.describe(BASE), RECIPE)));
        ModelUpdate guarded = service.serves(updated(protect(koine, "ctc", "fr", 0.5, fr)));
        assertThat(guarded.getDigest()).as("a language alone changes nothing").isEqualTo(baseDigest);
        MergedExpert language = guarded.getExperts().get(0);
        assertThat(language.getStatisticsDigest()).isEqualTo(Bundle.describe(fr).digest());
        assertThat(language.getBundleDigest()).isEmpty();

        service.serves(updated(submit(koine, "ctc", "de", de)));
        ModelUpdate both = service.serves(updated(submit(koine, "ctc", "ca", ca)));
        assertThat(both.getDigest()).isEqualTo(offline(List.of("ca", "de"), List.of(ca, de), fr));
        assertThat(both.getExperts()).extracting(MergedExpert::getExpertId).containsExactly("ca", "de", "fr");

        ModelUpdate open = service.serves(updated(koine.retract("ctc", "fr")));
        assertThat(open.getDigest())
                .isEqualTo(offline(List.of("de", "ca"), List.of(de, ca), null))
                .isNotEqualTo(both.getDigest());
        assertThat(service.serves(updated(rollBack(koine, both.getVersion()))).getDigest())
                .isEqualTo(both.getDigest());
        service.serves(updated(koine.retract("ctc", "de")));
        service.serves(updated(koine.retract("ctc", "ca")));
        assertThat(service.serves(updated(koine.retract("ctc", "fr"))).getDigest())
                .isEqualTo(baseDigest);
    }

    private void whatIsWrongWithStatisticsIsSaidAndChangesNothing(KoineHarness koine, Path de) throws Exception {
        updated(koine.register("strict", Bundle.describe(BASE), RECIPE));
        updated(koine.register("plain", BASE));
        assertThat(rejected(koine.merge("strict", "de", 1, Fixtures.ctc("de"))).getCode())
                .isEqualTo("NO_STATISTICS");
        assertThat(rejected(submit(koine, "strict", "de", ofNothing())).getMessage())
                .contains("have no matrix for 'model.onnx/")
                .contains("koine statistics");
        assertThat(rejected(submit(koine, "strict", "de", ofAnotherBase())).getCode())
                .isEqualTo("STATISTICS_MISMATCH");
        assertThat(rejected(protect(koine, "strict", "de", 1, damaged(de))).getCode())
                .isEqualTo("NOT_SAFETENSORS");
        assertThat(rejected(protect(koine, "plain", "de", 1, de)).getMessage()).contains("REGMEAN");
        assertThat(rejected(protect(koine, "strict", "de", 1, Fixtures.ctc("de")))
                        .getMessage())
                .contains("is the file statistics.safetensors and nothing else");
        assertThat(rejected(protect(koine, "strict", "fr", 1, de)).getMessage())
                .contains("are of the language 'de', and the event is about [fr]");
        assertThat(rejected(protect(koine, "strict", "de", 1e9, de)).getCode()).isEqualTo("TOTAL_OVERFLOW");
        ExpertEvent nothing = event("strict", "de", null);
        nothing.setBundle(null);
        assertThat(rejected(koine.await(koine.send(nothing))).getCode()).isEqualTo("INVALID_EVENT");

        ModelUpdate plain = updated(submit(koine, "plain", "de", de));
        assertThat(plain.getExperts().get(0).getStatisticsDigest())
                .as("a recipe that weighs by none passes them over")
                .isNull();
        assertThat(plain.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, "de"));
        assertThat(updated(submit(koine, "strict", "de", de)).getVersion()).isEqualTo(1);
        assertThat(rejected(protect(koine, "strict", "de", 1, de)).getMessage()).contains("koine protect --name");
    }

    private String offline(List<String> experts, List<Path> statistics, @Nullable Path protectedBy) throws Exception {
        List<OfflineMerge.Expert> members = new ArrayList<>();
        for (int i = 0; i < experts.size(); i++) {
            members.add(new OfflineMerge.Expert(Fixtures.ctc(experts.get(i)), 1).weighedBy(statistics.get(i)));
        }
        List<OfflineMerge.ProtectedLanguage> languages = protectedBy == null
                ? List.of()
                : List.of(new OfflineMerge.ProtectedLanguage(new Input("The language fr"), protectedBy, 0.5));
        Path target = Files.createTempDirectory(directory, "offline");
        try (WorkPool pool = new WorkPool(2)) {
            new OfflineMerge(ModelBundle.open(BASE), RECIPE, Lanczos::truncate, pool, Progress.NONE)
                    .merge(members, languages, target);
        }
        return Bundle.describe(target).digest();
    }

    /** Of the fixtures' own speech; which speech it is plays no part here. */
    private Path statistics(String language) throws Exception {
        StatisticsWriter writer = new StatisticsWriter(16);
        EvaluationSet speech =
                EvaluationSet.read(Fixtures.CTC.resolve("evaluation").resolve(language));
        new StatisticsCollector(new OnnxOptions(1, Device.CPU), 1, Progress.NONE)
                .collect(
                        ModelBundle.open(BASE),
                        baseDigest,
                        language,
                        speech.sample(4, 0)
                                .where(one -> one.language().equals(language))
                                .utterances(),
                        writer);
        return write(language, writer);
    }

    private Path ofNothing() throws Exception {
        return write("nothing", new StatisticsWriter(16).about(new Statistics.About(baseDigest, "de", 1, 1)));
    }

    private Path ofAnotherBase() throws Exception {
        String other = "sha256:" + "0".repeat(64);
        return write("other", new StatisticsWriter(LowRankGram.RANK).about(new Statistics.About(other, "de", 1, 1)));
    }

    private Path damaged(Path statistics) throws Exception {
        Path copy = Files.createTempDirectory(directory, "damaged");
        byte[] bytes = Files.readAllBytes(statistics.resolve(Statistics.FILE));
        bytes[9] ^= 0x55;
        Files.write(copy.resolve(Statistics.FILE), bytes);
        return copy;
    }

    private Path write(String name, StatisticsWriter writer) throws Exception {
        Path folder = Files.createTempDirectory(directory, "statistics-" + name);
        try (OutputStream out = Files.newOutputStream(folder.resolve(Statistics.FILE))) {
            writer.writeTo(out);
        }
        return folder;
    }

    private static ExpertEvent event(String model, String expertId, @Nullable Path statistics) throws Exception {
        ExpertEvent event = KoineHarness.mergeEvent(model, expertId, 1, Bundle.describe(Fixtures.ctc(expertId)), 1);
        if (statistics != null) {
            event.setStatistics(Bundles.toAvro(Bundle.describe(statistics)));
        }
        return event;
    }

    private static Outcome submit(KoineHarness koine, String model, String expertId, Path statistics) throws Exception {
        return koine.await(koine.send(event(model, expertId, statistics)));
    }

    private static Outcome protect(KoineHarness koine, String model, String language, double weight, Path statistics)
            throws Exception {
        ExpertEvent event = event(model, language, statistics);
        event.setBundle(null);
        event.setWeight(weight);
        return koine.await(koine.send(event));
    }

    private static Outcome rollBack(KoineHarness koine, long version) throws Exception {
        return koine.await(koine.send(ExpertEvent.newBuilder()
                .setAction(ExpertAction.ROLLBACK)
                .setModelId("ctc")
                .setBackTo(version)
                .setTime(Instant.now())
                .build()));
    }
}
