package dev.koine.cli.demo;

import dev.koine.cli.embedded.EmbeddedKoine;
import dev.koine.cli.option.Protection;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.events.Recipes;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.statistics.StatisticsCollector;
import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A second model: its experts come with statistics of their languages, and one language that nobody tunes is protected. Beside it, the sum of the same
 * experts.
 */
final class WeighedDemo {
    private static final String MODEL = "weighed";
    private static final List<String> EXPERTS = List.of("ca", "de", "es", "fr");
    private static final String PROTECTED = "it";
    /** As much as an expert's; at the default, a quarter, the language of a model as small as this one does not stay ({@code docs/statistics.md}). */
    private static final double WEIGHT = 1;

    private static final List<String> LANGUAGES =
            Stream.concat(EXPERTS.stream(), Stream.of(PROTECTED)).toList();

    private final Fixtures fixtures;
    private final Path directory;
    private final PrintWriter out;

    WeighedDemo(Fixtures fixtures, Path directory, PrintWriter out) {
        this.fixtures = fixtures;
        this.directory = directory;
        this.out = out;
    }

    /** @throws IOException if anything did not happen that had to */
    DemoReport.Weighed run(EmbeddedKoine koine, Submissions job) throws Exception {
        Evaluation evaluation = Evaluation.of(fixtures, LANGUAGES);
        DemoTable table = new DemoTable(out, LANGUAGES);
        Map<String, Double> base = rates(fixtures.base(), evaluation);
        Map<String, Double> experts = new LinkedHashMap<>(base);
        for (String language : EXPERTS) {
            experts.putAll(rates(fixtures.expert(language), Evaluation.of(fixtures, List.of(language))));
        }
        table.head("A small Whisper, whose experts come with statistics of their languages (REGMEAN); '" + PROTECTED
                + "', which nobody tunes, is protected:");
        table.row("base alone", base);
        table.row("expert or base", experts);
        Map<String, Double> summed = rates(sum(), evaluation);
        table.row("plain sum", summed);
        try (ModelSubscriber<SpeechModel> subscriber = ModelSubscriber.<SpeechModel>builder()
                .bootstrapServers(koine.bootstrapServers())
                .modelId(MODEL)
                .cacheDirectory(directory.resolve("service-of-weighed"))
                .loader(bundle -> SpeechModel.open(bundle, OnnxOptions.DEFAULT))
                .start()) {
            ServedVersion served = subscriber.awaitVersion(merge(job), Submissions.PATIENCE);
            try (Lease<SpeechModel> lease = subscriber.acquire()) {
                Map<String, Double> merged = evaluation.wordErrorRates(lease.model());
                DemoReport.Version version =
                        DemoReport.Version.of("weighed", served, DemoReport.ErrorRates.of(base, merged, experts));
                table.version(version);
                return new DemoReport.Weighed(summed, version);
            }
        }
    }

    /** The number of the version with everything inside. */
    private long merge(Submissions job) throws Exception {
        version(job.register(ModelRegistration.newBuilder()
                .setModelId(MODEL)
                .setBase(Bundles.toAvro(Bundle.describe(fixtures.base())))
                .setRecipe(Recipes.toAvro(Recipe.standard(new RegMean())))
                .setTime(Instant.now())
                .build()));
        long version =
                version(job.submit(Protection.event(MODEL, PROTECTED, 1, PROTECTED, WEIGHT, statistics(PROTECTED))));
        for (String language : EXPERTS) {
            ExpertEvent event = Submissions.expert(MODEL, language, 1, fixtures.expert(language))
                    .setStatistics(statistics(language))
                    .build();
            version = version(job.submit(event));
        }
        return version;
    }

    private static long version(Outcome outcome) throws IOException {
        if (outcome instanceof Outcome.Rejected rejected) {
            throw new IOException("An event was refused that had to be taken: "
                    + rejected.rejection().getMessage());
        }
        return ((Outcome.Updated) outcome).update().getVersion();
    }

    /** Makes them as {@code koine statistics} does. */
    private dev.koine.schemas.Bundle statistics(String language)
            throws IOException, RejectedException, InterruptedException {
        Path folder = Files.createDirectory(directory.resolve("statistics-" + language));
        ModelBundle base = ModelBundle.open(fixtures.base());
        String digest = Bundle.describe(fixtures.base()).digest();
        StatisticsWriter writer = new StatisticsWriter(LowRankGram.RANK);
        new StatisticsCollector(OnnxOptions.DEFAULT, 1, Progress.NONE)
                .collect(base, digest, language, fixtures.trainingSet(language).utterances(), writer);
        writer.writeIn(folder);
        return Bundles.toAvro(Bundle.describe(folder));
    }

    private Path sum() throws IOException, RejectedException {
        Path target = directory.resolve("sum");
        List<OfflineMerge.Expert> experts = new ArrayList<>();
        for (String language : EXPERTS) {
            experts.add(new OfflineMerge.Expert(fixtures.expert(language), 1));
        }
        try (WorkPool pool = new WorkPool(1)) {
            ModelBundle base = ModelBundle.open(fixtures.base());
            new OfflineMerge(base, null, Recipe.DEFAULT, Lanczos::truncate, pool, Progress.NONE).merge(experts, target);
        }
        return target;
    }

    private static Map<String, Double> rates(Path bundle, Evaluation evaluation) throws Exception {
        try (SpeechModel model = SpeechModel.open(bundle, OnnxOptions.DEFAULT)) {
            return evaluation.wordErrorRates(model);
        }
    }
}
