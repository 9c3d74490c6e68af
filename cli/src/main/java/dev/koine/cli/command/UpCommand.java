package dev.koine.cli.command;

import dev.koine.cli.ExitCode;
import dev.koine.cli.console.Logs;
import dev.koine.cli.embedded.EmbeddedKoine;
import dev.koine.flink.Signatures;
import dev.koine.subscriber.signature.TrustedKeys;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobStatus;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code koine up}. */
@Command(
        name = "up",
        description = "Runs broker, merge job and store in this process until it is interrupted.",
        footer = {"%nExample:", "  koine up --dir ./koine-data --allow ./models"})
public final class UpCommand implements Callable<Integer> {
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
            names = "--allow",
            paramLabel = "DIR",
            description = "Folder that bundles may lie in; may be given several times (default: the current folder).")
    List<Path> allowed = List.of(Path.of(""));

    @Option(
            names = "--signatures",
            description =
                    "off, or required: events that no trusted key has signed are refused (default: ${DEFAULT-VALUE}).",
            defaultValue = "off")
    Wanted signatures;

    @Option(
            names = "--trusted-keys",
            paramLabel = "FILE",
            description = "Public keys and what they are trusted for, as koine keys prints them.")
    Path trustedKeys;

    @Option(names = "--signing-key", paramLabel = "FILE", description = "Signs versions with this key.")
    Path signingKey;

    /** Whether events have to be signed. */
    enum Wanted {
        OFF,
        REQUIRED
    }

    @Mixin
    DeviceOption device;

    @Override
    public Integer call() throws Exception {
        Path log = directory.resolve("koine.log");
        Logs.to(log);
        PrintWriter out = spec.commandLine().getOut();
        List<Path> places = new ArrayList<>();
        for (Path place : allowed) {
            places.add(Folders.requireFolder(place));
        }
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        out.printf("Starting in %s ...%n", directory);
        try (EmbeddedKoine koine = EmbeddedKoine.start(
                directory, port, places.stream().map(Path::toUri).toList(), device.device, signatures())) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                interrupted.countDown();
                awaitQuietly(stopped);
            }));
            out.printf(
                    "Koine is up. Broker: %s. Stop with Ctrl-C.%n"
                            + "  store:               %s%n  bundles may lie in:  %s%n  log:                 %s%n",
                    koine.bootstrapServers(),
                    koine.store(),
                    places.stream().map(Path::toString).collect(Collectors.joining(", ")),
                    log);
            JobStatus status = koine.jobStatus();
            while (!interrupted.await(1, TimeUnit.SECONDS)) {
                JobStatus now = koine.jobStatus();
                if (now != status) {
                    out.printf("The merge job is %s.%n", now);
                    status = now;
                }
                if (now.isGloballyTerminalState()) {
                    spec.commandLine().getErr().printf("koine: The merge job has ended; %s says why.%n", log);
                    return ExitCode.TROUBLE;
                }
            }
            out.println("Stopping ...");
        } finally {
            stopped.countDown();
        }
        return ExitCode.OK;
    }

    private Signatures signatures() throws IOException {
        boolean required = signatures == Wanted.REQUIRED;
        if (required && trustedKeys == null) {
            throw new ParameterException(
                    spec.commandLine(), "--signatures required needs --trusted-keys; nobody could sign otherwise.");
        }
        return new Signatures(
                required,
                trustedKeys == null ? TrustedKeys.NONE : TrustedKeys.read(trustedKeys),
                signingKey == null ? null : signingKey.toAbsolutePath().toString());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(90, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
