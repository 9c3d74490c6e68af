package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Logs;
import dev.koine.cli.console.LongRunning;
import dev.koine.cli.embedded.EmbeddedKoine;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.option.DeviceOption;
import dev.koine.cli.option.InBandOptions;
import dev.koine.cli.option.QuarantineOptions;
import dev.koine.cli.option.UpOptions;
import dev.koine.cli.status.JobManager;
import dev.koine.cli.status.JobWatch;
import dev.koine.cli.status.Whereabouts;
import dev.koine.cli.topic.RelayLines;
import dev.koine.engine.store.RemotePlace;
import dev.koine.events.inband.Relay;
import dev.koine.events.inband.RelayedContent;
import dev.koine.flink.config.SignatureSettings;
import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.objectstore.StandaloneBundles;
import dev.koine.objectstore.Stores;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine up}. */
@Command(
        name = "up",
        modelTransformer = UpOptions.class,
        description = "Runs broker, merge job and store in this process until it is interrupted.",
        footer = {
            "%nExample:",
            "  koine up --dir ./koine-data --allow ./models",
            "  koine up --dir ./koine-data --allow ./models --in-band bundles"
        })
public final class UpCommand extends LongRunning implements Logs.Own {
    private static final Duration TELL_EVERY = Duration.ofHours(1);

    @Spec
    CommandSpec spec;

    @Option(names = "--dir", required = true, description = "Where everything is kept; goes on from what is there.")
    Path directory;

    @Option(
            names = "--port",
            description = "Port of the broker on 127.0.0.1 (default: ${DEFAULT-VALUE}).",
            defaultValue = "9092")
    int port;

    @Option(
            names = "--in-band",
            paramLabel = "BUNDLES|PATCHES|ALL",
            description =
                    "Sends what koine relay sends, for services without the store, from this process (default: sends nothing).")
    @Nullable
    RelayedContent content;

    @Mixin
    InBandOptions inBand;

    @Mixin
    DeviceOption device;

    @Mixin
    QuarantineOptions quarantine;

    public UpCommand() {
        super(Duration.ofSeconds(90));
    }

    @Override
    public Integer call() throws Exception {
        inBand.check();
        Folders.requireWritableFolder(directory);
        Path log = directory.resolve("koine.log");
        Logs.to(log);
        PrintWriter out = spec.commandLine().getOut();
        JobSettings job = settings();
        List<URI> allowed = job.get(MergeJobOptions.ALLOWED_PLACES);
        List<String> places = new ArrayList<>();
        for (URI place : allowed) {
            places.add(shown(RemotePlace.isRemote(place) ? place : folder(place)));
        }
        Stream<URI> store = job.said(MergeJobOptions.STORE).stream();
        if (Stream.concat(allowed.stream(), store).anyMatch(RemotePlace::isRemote)) {
            Stores.initializeFileSystems();
        }
        out.printf("Starting in %s ...%n", directory);
        EmbeddedKoine started = start(new EmbeddedKoine.Settings(port, job));
        try (EmbeddedKoine koine = started;
                @Nullable Relay relay = relay(koine)) {
            Whereabouts whereabouts = new Whereabouts(
                    koine.restPort(), koine.store(), directory.toAbsolutePath().normalize());
            whereabouts.tell(koine.kafkaProperties());
            Instant told = Instant.now();
            out.printf(
                    "Koine is up. Broker: %s. Stop with Ctrl-C.%n"
                            + "  store:               %s%n  bundles may lie in:  %s%n  log:                 %s%n",
                    koine.bootstrapServers(), shown(koine.store()), String.join(", ", places), log);
            JobManager manager = whereabouts.jobManager();
            JobWatch watch = new JobWatch(out);
            while (!stopsWithinASecond()) {
                look(watch, manager);
                if (told.plus(TELL_EVERY).isBefore(Instant.now())) {
                    tell(whereabouts, koine);
                    told = Instant.now();
                }
                if (koine.jobStatus().isGloballyTerminalState()) {
                    spec.commandLine().getErr().printf("koine: The merge job has ended; %s says why.%n", log);
                    return ExitCode.TROUBLE;
                }
            }
            out.println("Stopping ...");
        }
        return ExitCode.OK;
    }

    private @Nullable Relay relay(EmbeddedKoine koine) {
        return content == null
                ? null
                : Relay.start(
                        inBand.settings(koine.kafkaProperties(), content, false, null),
                        new StandaloneBundles(),
                        new RelayLines(spec.commandLine().getOut()));
    }

    private EmbeddedKoine start(EmbeddedKoine.Settings settings) throws IOException {
        try {
            return EmbeddedKoine.start(directory, settings);
        } catch (IOException e) {
            LoggerFactory.getLogger(UpCommand.class).error("koine up does not start", e);
            Folders.requireWritableFolder(directory);
            throw e;
        }
    }

    /** Flink may be too busy to answer, as while a job ends; then the next look tells. */
    private static void look(JobWatch watch, JobManager manager) {
        try {
            watch.look(manager.look(), Instant.now());
        } catch (IOException e) {
            LoggerFactory.getLogger(UpCommand.class).warn("The merge job cannot be looked at", e);
        }
    }

    private static void tell(Whereabouts whereabouts, EmbeddedKoine koine) {
        try {
            whereabouts.tell(koine.kafkaProperties());
        } catch (IOException e) {
            LoggerFactory.getLogger(UpCommand.class).warn("koine status may not find the merge job", e);
        }
    }

    private static URI folder(URI place) throws IOException {
        return Folders.requireFolder(Path.of(place)).toUri();
    }

    private static String shown(URI place) {
        return RemotePlace.isRemote(place) ? place.toString() : Path.of(place).toString();
    }

    private JobSettings settings() throws IOException {
        JobSettings given = UpOptions.read(spec.commandLine().getParseResult())
                .with(MergeJobOptions.DECOMPOSITION, device.device)
                .with(MergeJobOptions.QUARANTINE_MEMORY, quarantine.limits().memory())
                .with(MergeJobOptions.QUARANTINE_TIME, quarantine.limits().time());
        try {
            SignatureSettings.read(given, JobOption::dashed);
        } catch (IllegalArgumentException e) {
            if (e.getCause() instanceof IOException trouble) {
                throw trouble;
            }
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        return given.said(MergeJobOptions.ALLOWED_PLACES).isPresent()
                ? given
                : given.with(
                        MergeJobOptions.ALLOWED_PLACES,
                        List.of(Path.of("").toAbsolutePath().toUri()));
    }
}
