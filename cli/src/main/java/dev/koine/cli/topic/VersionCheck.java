package dev.koine.cli.topic;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.schemas.ModelUpdate;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks announced versions of one model: their files, that they load, and what they answer. */
public final class VersionCheck {
    private static final OnnxOptions OPTIONS =
            new OnnxOptions(Runtime.getRuntime().availableProcessors(), Device.CPU);

    private final List<ModelUpdate> all;
    private final BundleSource bundles;
    private final Quarantine process;
    private @Nullable Answers base;

    /** @param all versions of the model that the topic holds, the first of them the base */
    public VersionCheck(List<ModelUpdate> all, BundleSource bundles, Quarantine process) {
        this.all = all;
        this.bundles = bundles;
        this.process = process;
    }

    /** @throws RejectedException with what is wrong with a version */
    public void require(ModelUpdate update) throws RejectedException, IOException {
        Answers answers = answers(update);
        if (update.getVersion() == 0) {
            base = answers;
            answers.requireAny();
        } else if (answers.broken() > 0) {
            answers.requireFinite(ofBase());
        }
    }

    private @Nullable Answers ofBase() throws RejectedException, IOException {
        ModelUpdate first = all.get(0);
        if (base == null && first.getVersion() == 0) {
            base = answers(first);
        }
        return base;
    }

    private Answers answers(ModelUpdate update) throws RejectedException, IOException {
        Bundle bundle = Bundles.of(update);
        if (bundle.isLocal()) {
            BundleVerifier.verify(bundle, bundle.directory());
            return process.ask(bundle.directory(), OPTIONS);
        }
        try (TemporaryFolder copy = TemporaryFolder.create("koine-verify")) {
            BundleVerifier.copyVerified(bundle, bundles, copy.path());
            return process.ask(copy.path(), OPTIONS);
        }
    }
}
