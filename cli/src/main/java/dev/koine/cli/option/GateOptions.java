package dev.koine.cli.option;

import dev.koine.cli.folder.ModelFiles;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.folder.PassedOver;
import dev.koine.cli.folder.Upload;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.gate.GateMode;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.lifecycle.gate.SmallestLoss;
import dev.koine.lifecycle.gate.Yardstick;
import dev.koine.schemas.GatePolicy;
import dev.koine.speech.evaluation.EvaluationSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Evaluation sets, and what a candidate has to hold on them. What is not said is as in {@link GatePolicies#defaults}. */
public final class GateOptions {
    @Option(
            names = "--evaluation",
            paramLabel = "DIR[=PLACE]",
            mapFallbackValue = "",
            converter = FolderConverter.class,
            description = {
                "Folder with held-out speech, as koine evalset writes it; may be given several times.",
                "PLACE is where the job finds the same files, if not in DIR. With any, every version is evaluated."
            })
    public Map<Path, String> evaluationSets = new LinkedHashMap<>();

    @Option(
            names = "--gate",
            paramLabel = "MODE",
            description = "What becomes of experts that do not hold the policy: observe, or enforce to refuse them.")
    @Nullable
    public GateMode mode;

    @Option(
            names = "--max-regression",
            paramLabel = "X",
            description = "Most that the error of a language that is inside may grow (default: 0.05, five points).")
    @Nullable
    public Double maxRegression;

    @Option(
            names = "--max-mean-regression",
            paramLabel = "X",
            description = "Most that the mean error of all languages that are inside may grow (default: 0.02).")
    @Nullable
    public Double maxMeanRegression;

    @Option(
            names = "--min-gain",
            paramLabel = "X",
            description = "Least that the mean error of a new expert's own languages has to fall (default: 0).")
    @Nullable
    public Double minGain;

    @Option(
            names = "--confidence",
            paramLabel = "C",
            description = {
                "How sure it has to be that a limit is broken, 0.5 to 0.999, by paired bootstrap (default: 0.95);",
                "0 compares errors as measured."
            })
    @Nullable
    public Double confidence;

    @Option(
            names = "--against",
            paramLabel = "VERSION",
            split = ",",
            description = {
                "What every version is held against beside the one before, so that many small losses do not add up: base, best",
                "(the version of the least error so far, for each language and task), or base,best."
            })
    public List<Yardstick> against = List.of();

    @Option(
            names = "--max-decline",
            paramLabel = "X",
            description =
                    "Most that the error of a language that is inside may lie above one of these (default: 0.05).")
    @Nullable
    public Double maxDecline;

    @Option(
            names = "--guard",
            paramLabel = "TAG",
            description = "A language that the base speaks and must not lose; may be given several times.")
    public List<String> guarded = List.of();

    @Option(
            names = "--sample",
            paramLabel = "N",
            description = "Most utterances per language and task that are evaluated.")
    @Nullable
    public Integer sample;

    @Option(names = "--gate-seed", paramLabel = "N", description = "Of the draw of those utterances.")
    @Nullable
    public Long seed;

    /**
     * The bundles of the evaluation sets before their files are hashed.
     *
     * @param upload where those without a place are copied to; null where they are not
     */
    public List<dev.koine.schemas.Bundle> list(@Nullable Upload upload) throws IOException, RejectedException {
        List<dev.koine.schemas.Bundle> bundles = new ArrayList<>();
        for (Map.Entry<Path, String> set : evaluationSets.entrySet()) {
            boolean isElsewhere = upload != null || !set.getValue().isEmpty();
            Bundle listed = Input.evaluationSet(set.getKey()).read(() -> {
                ModelFiles files = ModelFiles.in(set.getKey());
                return (isElsewhere ? files : files.requireUnlinked()).list();
            });
            bundles.add(
                    upload == null || !set.getValue().isEmpty()
                            ? at(listed, set.getValue())
                            : Bundles.toAvro(upload.listed(listed)));
        }
        return bundles;
    }

    /**
     * The bundles of the evaluation sets, with their files hashed.
     *
     * @param upload copies those without a place; null where they stay
     */
    public List<dev.koine.schemas.Bundle> describe(@Nullable Upload upload, PrintWriter out, PrintWriter err)
            throws IOException, RejectedException {
        List<dev.koine.schemas.Bundle> bundles = new ArrayList<>();
        for (Map.Entry<Path, String> set : evaluationSets.entrySet()) {
            PassedOver.tell(set.getKey(), err);
            ModelFiles files = ModelFiles.in(set.getKey());
            Bundle here = files.describe();
            out.printf("Evaluation set %s: %,d bytes, %s%n", set.getKey(), here.bytes(), here.digest());
            bundles.add(
                    upload == null || !set.getValue().isEmpty()
                            ? at(here, set.getValue())
                            : Bundles.toAvro(upload.copy(files, here, out, err)));
        }
        if (!evaluationSets.isEmpty()) {
            tellOfSmallSets(err);
        }
        return bundles;
    }

    private void tellOfSmallSets(PrintWriter err) throws IOException, RejectedException {
        GatePolicy judged = Objects.requireNonNullElseGet(policy(), GatePolicies.defaults()::build);
        List<EvaluationSet> sets = new ArrayList<>();
        try (ModelFolders folders = new ModelFolders(err)) {
            for (Path set : evaluationSets.keySet()) {
                Path folder = folders.of(set);
                sets.add(Input.evaluationSet(set).read(() -> EvaluationSet.read(folder)));
            }
        }
        EvaluationSet drawn = EvaluationSet.union(sets).sample(judged.getSample(), judged.getSeed());
        for (SmallestLoss found : SmallestLoss.of(drawn, judged)) {
            if (found.isBlind(judged)) {
                err.printf(
                        Locale.ROOT,
                        "Note: the gate has %,d utterances of %,d words in %s, and a loss of less than about %.0f points is more likely to"
                                + " pass than to be refused. Give it more or longer ones.%n",
                        found.utterances(),
                        found.words(),
                        found.what().language(),
                        100 * found.loss());
            }
        }
    }

    private static dev.koine.schemas.Bundle at(Bundle here, String place) {
        return Bundles.toAvro(place.isEmpty() ? here : new Bundle(new PlaceConverter().convert(place), here.files()));
    }

    /**
     * The policy; null where nothing is said of one.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a decline is limited, and nothing said that it is against
     */
    @Nullable
    public GatePolicy policy() throws RejectedException {
        if (maxDecline != null && against.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "--max-decline limits how far an error lies above the base's or the best version's; add --against base,best.");
        }
        boolean isSaid = mode != null
                || maxRegression != null
                || maxMeanRegression != null
                || minGain != null
                || confidence != null
                || !against.isEmpty()
                || maxDecline != null
                || !guarded.isEmpty()
                || sample != null
                || seed != null;
        if (!isSaid) {
            return null;
        }
        GatePolicy policy = GatePolicies.defaults().setGuarded(guarded).build();
        if (mode != null) {
            policy.setMode(mode.name());
        }
        if (maxRegression != null) {
            policy.setMaxRegression(maxRegression);
        }
        if (maxMeanRegression != null) {
            policy.setMaxMeanRegression(maxMeanRegression);
        }
        if (minGain != null) {
            policy.setMinGain(minGain);
        }
        if (confidence != null) {
            policy.setConfidence(confidence);
        }
        policy.setAgainst(against.stream().map(Yardstick::name).toList());
        if (maxDecline != null) {
            policy.setMaxDecline(maxDecline);
        }
        if (sample != null) {
            policy.setSample(sample);
        }
        if (seed != null) {
            policy.setSeed(seed);
        }
        return policy;
    }
}
