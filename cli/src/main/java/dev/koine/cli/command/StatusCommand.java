package dev.koine.cli.command;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Plain;
import dev.koine.cli.option.JobOptions;
import dev.koine.cli.option.KafkaOptions;
import dev.koine.cli.status.JobHealth;
import dev.koine.cli.status.JobManager;
import dev.koine.cli.status.Waiting;
import dev.koine.cli.status.Whereabouts;
import dev.koine.engine.store.RemotePlace;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code koine status}. */
@Command(
        name = "status",
        description = {
            "Says how things are: whether the broker answers, how the merge job is doing and why it last failed, what waits, where the store is.",
            "Ends with 0 where the job is known to run, with 1 where it does not or cannot be asked."
        },
        footer = {"%nExample:", "  koine status", "  koine status --rest-address http://jobmanager:8081"})
public final class StatusCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Mixin
    JobOptions job;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        Properties properties = kafka.properties();
        List<Outcome> outcomes;
        try (OutcomeReader reader = new OutcomeReader(properties, Topics.DEFAULT)) {
            outcomes = reader.readAll();
        }
        say("broker", properties.getProperty("bootstrap.servers") + " answers");
        boolean isWell = job(properties);
        List<ModelUpdate> versions = outcomes.stream()
                .filter(Outcome.Updated.class::isInstance)
                .map(outcome -> ((Outcome.Updated) outcome).update())
                .toList();
        long models = versions.stream().map(ModelUpdate::getModelId).distinct().count();
        say("models", models + ", with " + Counted.of(versions.size(), "version"));
        long nobodys = outcomes.stream()
                .filter(outcome -> outcome instanceof Outcome.Rejected rejected
                        && rejected.rejection().getModelId() == null)
                .count();
        if (nobodys > 0) {
            say("refused", nobodys + " that name no model; koine history lists them");
        }
        waiting(Waiting.count(properties, Topics.DEFAULT, outcomes));
        store(properties, versions);
        return isWell ? ExitCode.OK : ExitCode.TROUBLE;
    }

    private boolean job(Properties properties) throws IOException {
        Optional<JobManager> manager = job.jobManager(properties);
        if (manager.isEmpty()) {
            say("job", "not known; name Flink's REST interface with --rest-address or KOINE_REST_ADDRESS");
            return false;
        }
        try {
            JobHealth health = manager.get().look();
            Instant now = Instant.now();
            say("job", health.told(now));
            if (health.isWell(now)) {
                health.last()
                        .ifPresent(
                                last -> say("", "failed last at " + JobHealth.clock(last.at()) + ": " + last.told()));
            }
            return health.isWell(now);
        } catch (IOException e) {
            say("job", "cannot be asked: " + e.getMessage());
            return false;
        }
    }

    private void waiting(Waiting waiting) {
        say(
                "waiting",
                waiting.oldest()
                        .map(oldest -> "events of which nothing has become yet: %d, the oldest since %s"
                                .formatted(waiting.events(), JobHealth.clock(oldest)))
                        .orElse("nothing"));
    }

    private void store(Properties properties, List<ModelUpdate> versions) throws IOException {
        Optional<URI> told = Whereabouts.find(properties).map(Whereabouts::store);
        if (told.isPresent() && !RemotePlace.isRemote(told.get())) {
            Path folder = Path.of(told.get());
            say("store", folder + (Files.isDirectory(folder) ? ", " + free(folder) : ", which is not there"));
        } else if (told.isPresent()) {
            say("store", told.get().toString());
        } else if (!versions.isEmpty()) {
            say(
                    "store",
                    "not known; the newest version lies at "
                            + versions.get(versions.size() - 1).getBundle().getUri());
        }
    }

    private static String free(Path folder) throws IOException {
        return String.format(
                Locale.ROOT, "%.1f GB free", Files.getFileStore(folder).getUsableSpace() / 1e9);
    }

    private void say(String what, String words) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-9s %s%n", what, Plain.of(words));
    }
}
