package dev.koine.cli.following;

import dev.koine.cli.option.KafkaOptions;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.objectstore.StandaloneBundles;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ModelSubscriberBuilder;
import dev.koine.subscriber.ServiceReporter;
import dev.koine.subscriber.SubscriberStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which model is followed, whose versions are taken, and who may look on. */
public final class FollowingOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    public String modelId;

    @Option(
            names = "--quarantine",
            description = "Load each version in a process of its own first; one that kills that process is refused.")
    public boolean quarantine;

    @Option(
            names = "--patches",
            description = {
                "Fetches only what changed where that is less, and computes the version here, to the announced digest (default: fetches whole versions).",
                "Takes disk for the base, the task vectors and the totals."
            })
    public boolean patches;

    @Option(
            names = "--in-band",
            description = {
                "Takes the files of versions from koine.artifacts, which koine relay or koine up --in-band fills, and not from the store: the broker is all that is",
                "needed. Takes room for one version more."
            })
    public boolean inBand;

    @Option(
            names = "--trusted-keys",
            paramLabel = "FILE",
            description = "Takes only versions that one of these keys has signed (default: takes all).")
    @Nullable
    Path trustedKeys;

    @Option(
            names = "--service",
            paramLabel = "NAME",
            description = {
                "Reports under this name on koine.services what it serves, and what it gave up and why; koine services shows it (default: does not).",
                "No other service of the model may have it."
            })
    @Nullable
    String service;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description =
                    "Says how it stands, at /metrics (for Prometheus), /healthz and /readyz of this port (default: does not).")
    @Nullable
    Integer metricsPort;

    @Option(
            names = "--metrics-host",
            paramLabel = "HOST",
            description = "Of that port (default: ${DEFAULT-VALUE}, this machine alone).",
            defaultValue = "127.0.0.1")
    String metricsHost;

    @Mixin
    KafkaOptions kafka;

    /**
     * A subscriber that is yet to be told its loader and cache.
     *
     * @param apart where versions are tried, if that is asked for
     * @param lines say what becomes of versions
     * @param reporter reports it, too; null where that is not asked for
     */
    public <M extends AutoCloseable> ModelSubscriberBuilder<M> subscriber(
            Quarantine apart, TroubleLines lines, @Nullable ServiceReporter reporter) throws Exception {
        Map<String, Object> properties = new HashMap<>();
        kafka.unchecked().forEach((name, value) -> properties.put(name.toString(), value));
        ModelSubscriberBuilder<M> wanted = ModelSubscriber.<M>builder()
                .consumerProperties(properties)
                .modelId(modelId)
                .listener(lines)
                .patches(patches)
                .bundleSource(new StandaloneBundles());
        if (inBand) {
            wanted.inBand();
        }
        if (reporter != null) {
            wanted.listener(reporter);
        }
        if (trustedKeys != null) {
            wanted.trustedKeys(TrustedKeys.read(trustedKeys));
        }
        if (quarantine) {
            wanted.trial(files -> apart.ask(files, OnnxOptions.DEFAULT).requireAny());
        }
        return wanted;
    }

    /** Reports what the service serves; null where that is not asked for. */
    public @Nullable ServiceReporter reporter() throws IOException {
        if (service == null) {
            return null;
        }
        try {
            return new ServiceReporter(kafka.unchecked(), modelId, service, InstantSource.system());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--service: " + e.getMessage(), e);
        }
    }

    /** Pages that say how it stands; null where none are asked for. */
    public @Nullable StatusServer pages(Supplier<SubscriberStatus> status, PrintWriter out) {
        if (metricsPort == null) {
            return null;
        }
        try {
            StatusServer pages = StatusServer.start(new InetSocketAddress(metricsHost, metricsPort), modelId, status);
            out.printf("Metrics: http://%s:%d/metrics%n", metricsHost, pages.port());
            return pages;
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--metrics-port is " + metricsPort + "; give a port that is free (" + e.getMessage() + ").",
                    e);
        }
    }
}
