package dev.koine.cli.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.MAP;

import dev.koine.schemas.Bundle;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.ScaleTrial;
import dev.koine.schemas.YardstickScore;
import dev.koine.testkit.Updates;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class ModelCardTest {
    private static final String HOSTILE =
            "x\n---\nlicense: mit\n# head | cell `code` <script>alert(1)</script> [a](http://b) \u202e\u001b[2J\"\\ *b*";

    @Test
    void aVersionWithAGate() {
        String card = ModelCard.of(version(), first(), "openai/whisper-small");
        Map<String, Object> metadata = metadata(card);
        assertThat(metadata)
                .containsEntry("library_name", "onnx")
                .containsEntry("pipeline_tag", "automatic-speech-recognition")
                .containsEntry("language", List.of("de", "no", "pt"))
                .containsEntry("tags", List.of("koine", "merge", "onnx", "speech-translation"))
                .containsEntry("metrics", List.of("wer", "cer", "bleu"))
                .containsEntry("base_model", "openai/whisper-small")
                .doesNotContainKey("license");
        Map<?, ?> index = (Map<?, ?>) list(metadata, "model-index").get(0);
        assertThat(index.get("name")).isEqualTo("demo");
        Map<?, ?> result = (Map<?, ?>) list(index, "results").get(0);
        assertThat(result.get("dataset")).asInstanceOf(MAP).containsEntry("config", "de");
        assertThat(list(result, "metrics").get(0)).hasToString("{type=wer, name=word error rate, percent, value=41.0}");
        assertThat(list(index, "results")).as("without the one that failed").hasSize(2);

        assertThat(card)
                .contains("# demo, version 3\n")
                .contains("| de | transcribe | word error rate | 60.0 % | 45.0 % | 41.0 % | -4.0 |")
                .contains("| no | transcribe | word error rate |  |  | failed |  |")
                .contains("| de | translate | BLEU |  | 20.0 | 31.5 | +11.5 (-1.2 to +20.1) |")
                .contains("| de | 2 | de | transcribe | 0.5 | `sha256:" + "1".repeat(64) + "`")
                .contains("| pt | 1 | pt no |  | 1 | 0.7 \\* es - 0.3 \\* ca |")
                .contains("| scaling | SEARCH, 0.2 |", "| scale in this version | 0.3 |")
                .contains("| rule `**/lm_head/*` | FROZEN |")
                .contains("Not passed, mode observe.", "- no failed")
                .contains("| mean error at scale 0.1 | 50.0 % |", "| mean error at scale 0.9 | failed |")
                .contains("| time to evaluate | 1.2 s |")
                .contains("| confidence that a limit is broken | 95.0 % |", "each with 95.0 % confidence")
                .contains("merged de r2", "koine.experts, partition 1, offset 17")
                .contains("Digest of the base: `sha256:" + "0".repeat(64) + "`");
    }

    @Test
    void aVersionThatIsHeldAgainstMoreThanItsParent() {
        ModelUpdate held = held();
        assertThat(ModelCard.of(held, first(), null))
                .contains("| this version | change | against base | against best |")
                .contains(
                        "| 41.0 % | -4.0 | 60.0 %, -19.0 (-25.0 to -12.0) | 38.0 % (version 2), +3.0 (+0.5 to +6.0) |")
                .contains("| no | transcribe | word error rate |  |  | failed |  |  |  |")
                .contains("| 31.5 | +11.5 (-1.2 to +20.1) | 21.5, +10.0 |  |")
                .contains(
                        "| held against the version before and | base best |",
                        "| most decline against these | +4.0 points |");
        held.getGate().getScores().get(0).getYardsticks().get(1).setFailure(HOSTILE);
        held.getGate().getScores().get(0).getYardsticks().get(0).setYardstick(HOSTILE);
        assertThat(ModelCard.of(held, first(), null))
                .contains("not compared: x?---?license")
                .doesNotContainPattern("(?<!\\\\)<script>")
                .doesNotContain("\u001b");
    }

    @Test
    void aVersionWithoutAGateAndWithoutExperts() {
        ModelUpdate plain = first();
        plain.setGate(null);
        String card = ModelCard.of(plain, null, null);
        assertThat(metadata(card)).doesNotContainKeys("language", "model-index", "metrics", "base_model");
        assertThat(card)
                .contains("Not evaluated", "None: this is the base model.")
                .doesNotContain("## Gate");
    }

    @Test
    void aVersionOfWhichLittleArrives() {
        ModelUpdate lossy = version();
        lossy.setUpdateShare(0.173);
        assertThat(ModelCard.of(lossy, first(), null))
                .contains("| share of the update that arrives in float16 or bfloat16 | 17 % |")
                .contains("Only 17 % of the update arrives");
        lossy.setUpdateShare(0.99);
        assertThat(ModelCard.of(lossy, first(), null)).contains("| 99 % |").doesNotContain("Only");
    }

    @Test
    void nothingFromOutsideIsMoreThanText() {
        ModelUpdate hostile = version();
        hostile.setModelId(HOSTILE);
        hostile.setDigest(HOSTILE);
        hostile.setScalesDigest(HOSTILE);
        hostile.getRecipe().setMethod(HOSTILE);
        hostile.getRecipe().setScaling(HOSTILE);
        hostile.getRecipe().setPrecision(HOSTILE);
        hostile.getRecipe().setRules(List.of(new PolicyRule(HOSTILE, HOSTILE)));
        hostile.getCause().setExpertId(HOSTILE);
        hostile.getCause().getPosition().setTopic(HOSTILE);
        MergedExpert expert = hostile.getExperts().get(0);
        expert.setExpertId(HOSTILE);
        expert.setLanguages(List.of(HOSTILE));
        expert.setTasks(List.of(HOSTILE));
        expert.setBundleDigest(HOSTILE);
        expert.setTaskVectorDigest(HOSTILE);
        hostile.getExperts().get(1).setCombine(List.of(new CombineTerm(HOSTILE, 1.0)));
        GateReport report = hostile.getGate();
        report.getPolicy().setMode(HOSTILE);
        report.getPolicy().setGuarded(List.of(HOSTILE));
        report.setReasons(List.of(HOSTILE));
        report.setEvaluationSets(List.of(HOSTILE));
        report.getScores().get(0).setLanguage(HOSTILE);
        report.getScores().get(0).setTask(HOSTILE);

        String card = ModelCard.of(hostile, hostile, HOSTILE);
        assertThat(metadata(card)).doesNotContainKey("license");
        assertThat(card.lines().filter(line -> line.startsWith("license") || line.startsWith("# head")))
                .isEmpty();
        assertThat(card.lines().filter("---"::equals)).hasSize(2);
        String outsideOfCode = card.substring(card.indexOf("\n---\n") + 5).replaceAll("`[^`\n]*`", "");
        assertThat(outsideOfCode).doesNotContainPattern("(?<!\\\\)<").doesNotContainPattern("(?<!\\\\)\\[");
        assertThat(card).doesNotContain("\u202e", "\u001b");
        int columns = 7;
        assertThat(card.lines().filter(line -> line.startsWith("| ") && line.contains("| 2 |")))
                .allSatisfy(line -> assertThat(line.split("(?<!\\\\)\\|")).hasSize(columns + 1));
    }

    @SuppressWarnings("unchecked")
    private static List<?> list(Map<?, ?> map, String key) {
        return (List<?>) Objects.requireNonNull(map.get(key), key);
    }

    private static Map<String, Object> metadata(String card) {
        assertThat(card).startsWith("---\n");
        String yaml = card.substring(4, card.indexOf("\n---\n"));
        return (Map<String, Object>) new Load(LoadSettings.builder().build()).loadFromString(yaml);
    }

    static ModelUpdate first() {
        return ModelUpdate.newBuilder(update(0))
                .setExperts(List.of())
                .setGate(GateReport.newBuilder()
                        .setPolicy(GatePolicy.newBuilder().build())
                        .setPassed(true)
                        .setScores(List.of(score("de", "TRANSCRIBE", null, measures(0.6, null))))
                        .build())
                .build();
    }

    static ModelUpdate version() {
        return ModelUpdate.newBuilder(update(3))
                .setParent(2L)
                .setScale(0.3)
                .setExperts(List.of(
                        expert("de", 2, List.of("de"), 0.5),
                        MergedExpert.newBuilder(expert("pt", 1, List.of("pt", "no"), 1))
                                .setTasks(List.of())
                                .setBundleDigest("")
                                .setCombine(List.of(new CombineTerm("es", 0.7), new CombineTerm("ca", -0.3)))
                                .build()))
                .setGate(GateReport.newBuilder()
                        .setPolicy(GatePolicy.newBuilder().setConfidence(0.95).build())
                        .setPassed(false)
                        .setReasons(List.of("no failed"))
                        .setScores(List.of(
                                score("de", "TRANSCRIBE", measures(0.45, null), measures(0.41, null)),
                                score("no", "TRANSCRIBE", null, measures(null, null)),
                                LanguageScore.newBuilder(
                                                score("de", "TRANSLATE", measures(0.8, 20.0), measures(0.685, 31.5)))
                                        .setGrowth(new Interval(-0.201, 0.012))
                                        .build()))
                        .setGrowthInside(new Interval(-0.15, -0.005))
                        .setScaleTrials(List.of(new ScaleTrial(0.1, 0.5), new ScaleTrial(0.9, null)))
                        .setEvaluationSets(List.of("sha256:" + "9".repeat(64)))
                        .setEvaluationMillis(1234)
                        .setMergeMillis(300)
                        .build())
                .build();
    }

    /** With yardsticks. */
    static ModelUpdate held() {
        ModelUpdate held = version();
        held.getGate().getPolicy().setAgainst(List.of("BASE", "BEST"));
        held.getGate().getPolicy().setMaxDecline(0.04);
        List<LanguageScore> scores = held.getGate().getScores();
        scores.get(0)
                .setYardsticks(List.of(
                        yardstick("BASE", 0, 0.6, new Interval(-0.25, -0.12)),
                        yardstick("BEST", 2, 0.38, new Interval(0.005, 0.06))));
        scores.get(2).setYardsticks(List.of(yardstick("BASE", 0, 0.785, null)));
        return held;
    }

    private static YardstickScore yardstick(String name, long version, double error, @Nullable Interval growth) {
        return YardstickScore.newBuilder()
                .setYardstick(name)
                .setVersion(version)
                .setDigest("sha256:" + "8".repeat(64))
                .setError(error)
                .setGrowth(growth)
                .build();
    }

    private static ModelUpdate update(long version) {
        String digest = "sha256:" + Long.toString(version).repeat(64);
        ModelUpdate update = Updates.of("demo", version, digest, new Bundle("file:///store/", List.of()));
        update.setRecipe(Recipe.newBuilder()
                .setScaling("SEARCH")
                .setRules(List.of(new PolicyRule("**/lm_head/*", "FROZEN")))
                .build());
        update.getCause().setExpertId("de");
        update.getCause().setRevision(2L);
        update.getCause().setPosition(new Position("koine.experts", 1, 17L, Instant.EPOCH));
        return update;
    }

    private static MergedExpert expert(String id, long revision, List<String> languages, double weight) {
        return MergedExpert.newBuilder()
                .setExpertId(id)
                .setRevision(revision)
                .setLanguages(languages)
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(weight)
                .setBundleDigest("sha256:" + "1".repeat(64))
                .setTaskVectorDigest("sha256:" + "2".repeat(64))
                .build();
    }

    private static LanguageScore score(String language, String task, @Nullable Measures before, Measures after) {
        return LanguageScore.newBuilder()
                .setLanguage(language)
                .setTask(task)
                .setStanding("INSIDE")
                .setBefore(before)
                .setAfter(after)
                .build();
    }

    private static Measures measures(@Nullable Double error, @Nullable Double bleu) {
        return Measures.newBuilder()
                .setUtterances(30)
                .setError(error)
                .setWer(bleu == null ? error : null)
                .setBleu(bleu)
                .setFailure(error == null ? "NaN logits" : null)
                .build();
    }
}
