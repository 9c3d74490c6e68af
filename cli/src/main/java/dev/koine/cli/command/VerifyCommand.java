package dev.koine.cli.command;

import dev.koine.cli.ExitCode;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.subscriber.events.Bundles;
import dev.koine.subscriber.events.Outcome;
import dev.koine.subscriber.events.OutcomeReader;
import dev.koine.subscriber.onnx.OnnxOptions;
import dev.koine.subscriber.onnx.OnnxSessions;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine verify}. */
@Command(
        name = "verify",
        description = "Checks announced versions: that every file is there, has its digest, and loads in ONNX Runtime.",
        footer = {"%nExample:", "  koine verify --model whisper"})
public final class VerifyCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec;

    @Option(names = "--model", required = true, paramLabel = "ID", description = "Name of the model.")
    String modelId;

    @Option(
            names = "--model-version",
            paramLabel = "N",
            description = "One version (default: all that the topic holds).")
    Long version;

    @Mixin
    KafkaOptions kafka;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        List<ModelUpdate> updates;
        try (OutcomeReader reader = new OutcomeReader(kafka.properties(), Topics.DEFAULT)) {
            updates = reader.readAll().stream()
                    .filter(Outcome.Updated.class::isInstance)
                    .map(outcome -> ((Outcome.Updated) outcome).update())
                    .filter(update -> update.getModelId().equals(modelId))
                    .filter(update -> version == null || update.getVersion() == version)
                    .sorted(Comparator.comparing(ModelUpdate::getVersion))
                    .toList();
        }
        if (updates.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_MODEL, "No such version is announced for a model '" + modelId + "'.");
        }
        int bad = 0;
        for (ModelUpdate update : updates) {
            try {
                verify(update);
                out.printf("version %d  %s  good%n", update.getVersion(), update.getDigest());
            } catch (RejectedException e) {
                bad++;
                out.printf("version %d  %s  BAD: %s%n", update.getVersion(), update.getDigest(), e.getMessage());
            }
        }
        out.printf("%d of %d versions are good.%n", updates.size() - bad, updates.size());
        return bad == 0 ? ExitCode.OK : ExitCode.REJECTED;
    }

    private static void verify(ModelUpdate update) throws Exception {
        Bundle bundle = Bundles.fromAvro(update.getBundle());
        if (!bundle.digest().equals(update.getDigest())) {
            throw new RejectedException(
                    RejectionCode.DIGEST_MISMATCH,
                    "The files that the update lists have the digest " + bundle.digest() + ", not the announced one.");
        }
        BundleVerifier.verify(bundle, bundle.directory());
        OnnxSessions.open(bundle.directory(), OnnxOptions.DEFAULT).close();
    }
}
