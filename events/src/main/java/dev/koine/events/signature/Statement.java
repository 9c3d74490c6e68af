package dev.koine.events.signature;

import dev.koine.engine.RejectedException;
import dev.koine.events.Bundles;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.PolicyRule;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.ScaleTrial;
import dev.koine.schemas.YardstickScore;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that are signed for an event, made from what it says and not from how it is encoded, so that a signature outlives a new
 * schema, and another language can make the same bytes.
 *
 * <p>The first line is the kind: {@code koine-expert-1}, {@code koine-model-1} or {@code koine-update-1}. Each field follows as
 * {@code <name> <bytes of the value>\n<value>\n}, in UTF-8, in the order of the methods here. A list is its length as a field of the
 * list's name, then its elements' fields. Integers are decimal, times milliseconds since 1970, doubles the 16 hexadecimal digits of their
 * IEEE 754 bits, what is missing is {@code -}. A bundle is its digest ({@link dev.koine.engine.store.Bundle#digest}), so that the files may
 * be moved; an update also signs the bundle's place.
 *
 * <p>A field that a later release brought is there only where it does not have its default, so that what was signed before keeps its
 * statement, and a reader that does not know the field cannot take an event that uses it for one that does not.
 */
public final class Statement {
    private static final String MISSING = "-";
    private static final Recipe PLAIN = Recipe.newBuilder().build();
    private static final GatePolicy LENIENT = GatePolicy.newBuilder().build();

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private Statement(String kind) {
        write(kind + "\n");
    }

    /**
     * What an expert event says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ExpertEvent event) throws RejectedException {
        Statement statement = new Statement("koine-expert-1");
        statement.text("action", event.getAction().name());
        statement.text("model", event.getModelId());
        statement.text("expert", event.getExpertId());
        statement.number("revision", event.getRevision());
        statement.texts("languages", event.getLanguages());
        statement.texts("tasks", event.getTasks());
        statement.real("weight", event.getWeight());
        statement.bundle("bundle", event.getBundle());
        statement.number("back-to", event.getBackTo());
        statement.number("time", event.getTime().toEpochMilli());
        statement.combination(event.getCombine());
        if (event.getStatistics() != null) {
            statement.bundle("statistics", event.getStatistics());
        }
        return statement.bytes.toByteArray();
    }

    /**
     * What a registration says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ModelRegistration event) throws RejectedException {
        Statement statement = new Statement("koine-model-1");
        statement.text("model", event.getModelId());
        statement.bundle("base", event.getBase());
        statement.recipe(event.getRecipe());
        statement.number("time", event.getTime().toEpochMilli());
        if (!event.getEvaluationSets().isEmpty()) {
            statement.number("evaluation-sets", event.getEvaluationSets().size());
            for (Bundle set : event.getEvaluationSets()) {
                statement.bundle("evaluation-set", set);
            }
        }
        if (event.getGate() != null) {
            statement.policy(event.getGate());
        }
        if (event.getCheckpoint() != null) {
            statement.bundle("checkpoint", event.getCheckpoint());
        }
        return statement.bytes.toByteArray();
    }

    /**
     * What an update says.
     *
     * @throws RejectedException if its bundle is none
     */
    public static byte[] of(ModelUpdate update) throws RejectedException {
        Statement statement = new Statement("koine-update-1");
        statement.text("model", update.getModelId());
        statement.number("version", update.getVersion());
        statement.number("parent", update.getParent());
        statement.text("digest", update.getDigest());
        statement.text("place", update.getBundle().getUri());
        statement.bundle("bundle", update.getBundle());
        statement.number("experts", update.getExperts().size());
        for (MergedExpert expert : update.getExperts()) {
            statement.text("expert", expert.getExpertId());
            statement.number("revision", expert.getRevision());
            statement.texts("languages", expert.getLanguages());
            statement.texts("tasks", expert.getTasks());
            statement.real("weight", expert.getWeight());
            statement.text("bundle", expert.getBundleDigest());
            statement.text("task-vector", expert.getTaskVectorDigest());
            statement.combination(expert.getCombine());
            if (expert.getStatisticsDigest() != null) {
                statement.text("statistics", expert.getStatisticsDigest());
            }
            if (expert.getPatch() != null) {
                statement.text("patch-place", expert.getPatch().getList().getUri());
                statement.bundle("patch", expert.getPatch().getList());
                statement.number("patch-bytes", expert.getPatch().getBytes());
            }
        }
        statement.recipe(update.getRecipe());
        statement.text("change", update.getCause().getChange().name());
        statement.text("changed-expert", update.getCause().getExpertId());
        statement.number("changed-revision", update.getCause().getRevision());
        statement.number("back-to", update.getCause().getBackTo());
        statement.position(update.getCause().getPosition());
        statement.number("time", update.getTime().toEpochMilli());
        if (update.getScale() != null) {
            statement.real("used-scale", update.getScale());
        }
        if (update.getScalesDigest() != null) {
            statement.text("used-scales", update.getScalesDigest());
        }
        if (update.getGate() != null) {
            statement.report(update.getGate());
        }
        if (update.getUpdateShare() != null) {
            statement.real("update-share", update.getUpdateShare());
        }
        if (update.getCheckpointDigest() != null) {
            statement.text("checkpoint", update.getCheckpointDigest());
        }
        if (update.getWeightMapDigest() != null) {
            statement.text("weight-map", update.getWeightMapDigest());
        }
        if (update.getBase() != null) {
            statement.text("base-place", update.getBase().getUri());
            statement.bundle("base", update.getBase());
        }
        return statement.bytes.toByteArray();
    }

    private void recipe(Recipe recipe) {
        number("rank", recipe.getRank());
        real("density", recipe.getDensity());
        real("scale", recipe.getScale());
        text("precision", recipe.getPrecision());
        number("rules", recipe.getRules().size());
        for (PolicyRule rule : recipe.getRules()) {
            text("pattern", rule.getPattern());
            text("policy", rule.getPolicy());
        }
        if (!recipe.getMethod().equals(PLAIN.getMethod())) {
            text("method", recipe.getMethod());
        }
        if (!recipe.getScaling().equals(PLAIN.getScaling())) {
            text("scaling", recipe.getScaling());
        }
        if (!recipe.getScaleGrid().isEmpty()) {
            number("scale-grid", recipe.getScaleGrid().size());
            recipe.getScaleGrid().forEach(scale -> real("scale", scale));
        }
        if (recipe.getScaleLimit() != null) {
            real("scale-limit", recipe.getScaleLimit());
        }
        if (recipe.getSeed() != 0) {
            number("seed", recipe.getSeed());
        }
        if (recipe.getSlack() != 0) {
            real("slack", recipe.getSlack());
        }
    }

    private void combination(List<CombineTerm> terms) {
        if (!terms.isEmpty()) {
            number("combine", terms.size());
            for (CombineTerm term : terms) {
                text("term", term.getExpertId());
                real("factor", term.getFactor());
            }
        }
    }

    private void policy(GatePolicy policy) {
        text("gate", policy.getMode());
        real("max-regression", policy.getMaxRegression());
        real("max-mean-regression", policy.getMaxMeanRegression());
        real("min-gain", policy.getMinGain());
        texts("guarded", policy.getGuarded());
        number("sample", policy.getSample());
        number("seed", policy.getSeed());
        if (policy.getConfidence() != 0) {
            real("confidence", policy.getConfidence());
        }
        if (!policy.getAgainst().isEmpty()) {
            texts("against", policy.getAgainst());
        }
        if (policy.getMaxDecline() != LENIENT.getMaxDecline()) {
            real("max-decline", policy.getMaxDecline());
        }
    }

    private void report(GateReport report) {
        policy(report.getPolicy());
        text("passed", Boolean.toString(report.getPassed()));
        texts("reasons", report.getReasons());
        number("scores", report.getScores().size());
        for (LanguageScore score : report.getScores()) {
            text("language", score.getLanguage());
            text("task", score.getTask());
            text("standing", score.getStanding());
            measures("before", score.getBefore());
            measures("after", score.getAfter());
            interval("growth", score.getGrowth());
            yardsticks(score.getYardsticks());
        }
        number("trials", report.getScaleTrials().size());
        for (ScaleTrial trial : report.getScaleTrials()) {
            real("scale", trial.getScale());
            real("error", trial.getError());
        }
        texts("evaluation-sets", report.getEvaluationSets());
        number("evaluation-millis", report.getEvaluationMillis());
        number("merge-millis", report.getMergeMillis());
        interval("growth-inside", report.getGrowthInside());
        interval("growth-new", report.getGrowthNew());
    }

    private void yardsticks(List<YardstickScore> yardsticks) {
        if (yardsticks.isEmpty()) {
            return;
        }
        number("yardsticks", yardsticks.size());
        for (YardstickScore yardstick : yardsticks) {
            text("yardstick", yardstick.getYardstick());
            number("version", yardstick.getVersion());
            text("digest", yardstick.getDigest());
            real("error", yardstick.getError());
            interval("growth", yardstick.getGrowth());
            text("judged", Boolean.toString(yardstick.getJudged()));
            text("failure", yardstick.getFailure());
        }
    }

    private void interval(String name, @Nullable Interval interval) {
        if (interval != null) {
            real(name + "-low", interval.getLow());
            real(name + "-high", interval.getHigh());
        }
    }

    private void measures(String name, @Nullable Measures measures) {
        number(name, measures == null ? null : (long) measures.getUtterances());
        if (measures != null) {
            real("error", measures.getError());
            real("wer", measures.getWer());
            real("cer", measures.getCer());
            real("bleu", measures.getBleu());
            real("loss", measures.getLoss());
            text("failure", measures.getFailure());
        }
    }

    private void position(Position position) {
        text("topic", position.getTopic());
        number("partition", position.getPartition());
        number("offset", position.getOffset());
    }

    private void bundle(String name, @Nullable Bundle bundle) throws RejectedException {
        text(name, bundle == null ? null : Bundles.fromAvro(bundle).digest());
    }

    private void texts(String name, List<String> values) {
        number(name, values.size());
        values.forEach(value -> text(name, value));
    }

    private void real(String name, @Nullable Double value) {
        text(name, value == null ? null : String.format("%016x", Double.doubleToRawLongBits(value)));
    }

    private void number(String name, long value) {
        text(name, Long.toString(value));
    }

    private void number(String name, @Nullable Long value) {
        text(name, value == null ? null : Long.toString(value));
    }

    private void text(String name, @Nullable String value) {
        String said = value == null ? MISSING : value;
        write(name + " " + (value == null ? MISSING : said.getBytes(StandardCharsets.UTF_8).length) + "\n" + said
                + "\n");
    }

    private void write(String text) {
        bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }
}
