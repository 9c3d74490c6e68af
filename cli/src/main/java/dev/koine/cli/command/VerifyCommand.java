package dev.koine.cli.command;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.cli.console.ProgressBar;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.option.QuarantineOptions;
import dev.koine.cli.option.StoreOption;
import dev.koine.cli.topic.Announced;
import dev.koine.cli.topic.VersionCheck;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.events.OutcomeReader;
import dev.koine.lifecycle.history.StoreCheck;
import dev.koine.objectstore.StandaloneBundles;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine verify}. */
@Command(
        name = "verify",
        description = {
            "Checks announced versions, or a whole store.",
            "With --model, that every file of each version is there, has its digest, loads in ONNX Runtime, and answers finite",
            "numbers where the base does.",
            "With --store, every digest, every reference, and that every version comes out the same",
            "when it is made again from its base, its task vectors and its recipe."
        },
        footer = {"%nExample:", "  koine verify --model whisper", "  koine verify --store ./koine-data/store"})
public final class VerifyCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    What what;

    /** One of the two. */
    static final class What {
        @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
        @Nullable
        String modelId;

        @ArgGroup(exclusive = false)
        @Nullable
        Store store;
    }

    /** A store, and how deep to look. */
    static final class Store extends StoreOption {
        @Option(
                names = "--from-experts",
                description =
                        "Also makes versions from the copies of their experts that the store keeps, pruning again.")
        boolean fromExperts;
    }

    @Option(
            names = "--model-version",
            paramLabel = "N",
            description = "One version (default: all that the topic holds).")
    @Nullable
    Long version;

    @Mixin
    KafkaOptions kafka;

    @Mixin
    QuarantineOptions quarantine;

    @Override
    public Integer call() throws Exception {
        return what.store == null ? announced(Objects.requireNonNull(what.modelId)) : stored(what.store);
    }

    private int stored(Store kept) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        ProgressBar progress = new ProgressBar(spec.commandLine().getErr(), System.console() != null);
        StoreCheck.Checked checked;
        try (TemporaryFolder work = TemporaryFolder.create("koine-verify");
                WorkPool pool = new WorkPool(Runtime.getRuntime().availableProcessors())) {
            checked = new StoreCheck(
                            kept.open(work.path().resolve("cache")),
                            work.path(),
                            pool,
                            progress,
                            problem -> out.println("BAD: " + problem))
                    .run(kept.fromExperts);
        }
        out.printf(
                "%d files and models, %s: %s. %d files and models belong to no version.%n",
                checked.artifacts(),
                Counted.of(checked.versions(), "version"),
                Counted.of(checked.problems(), "problem"),
                checked.orphans());
        return checked.problems() == 0 ? ExitCode.OK : ExitCode.REJECTED;
    }

    private int announced(String modelId) throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelUpdate> all;
        try (OutcomeReader reader = new OutcomeReader(kafka.properties(), Topics.DEFAULT)) {
            all = Announced.versions(reader.readAll(), modelId);
        }
        List<ModelUpdate> updates = all.stream()
                .filter(update -> version == null || update.getVersion() == version)
                .toList();
        if (updates.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_MODEL, "No such version is announced for a model '" + modelId + "'.");
        }
        int bad = 0;
        try (Quarantine process = quarantine.open()) {
            VersionCheck check = new VersionCheck(all, new StandaloneBundles(), process);
            for (ModelUpdate update : updates) {
                try {
                    check.require(update);
                    out.printf("version %d  %s  good%n", update.getVersion(), Plain.of(update.getDigest()));
                } catch (RejectedException e) {
                    bad++;
                    out.printf(
                            "version %d  %s  BAD: %s%n",
                            update.getVersion(),
                            Plain.of(update.getDigest()),
                            Plain.of(String.valueOf(e.getMessage())));
                }
            }
        }
        out.printf(
                "%d of %s %s good.%n",
                updates.size() - bad, Counted.of(updates.size(), "version"), updates.size() == 1 ? "is" : "are");
        return bad == 0 ? ExitCode.OK : ExitCode.REJECTED;
    }
}
