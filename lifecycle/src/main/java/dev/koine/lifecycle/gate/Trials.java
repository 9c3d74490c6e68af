package dev.koine.lifecycle.gate;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads candidates and asks each once, gate or not: what is announced loads, and answers finite numbers where the base does. */
public final class Trials {
    private static final Logger LOG = LoggerFactory.getLogger(Trials.class);

    private final ArtifactStore store;
    private final Examiner examiner;
    private final OnnxOptions options;
    private @Nullable Base last;

    /** @param options of the sessions; where evaluations run on the same device, base and candidates are asked alike */
    public Trials(ArtifactStore store, Examiner examiner, OnnxOptions options) {
        this.store = store;
        this.examiner = examiner;
        this.options = options;
    }

    private record Base(String digest, Answers answers) {}

    /**
     * Tries a model.
     *
     * @param evaluation of it, which asked it; null to load and ask it here
     * @param base digest of the base in the store
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if it answers NaN or infinity where the base does not, others if ONNX
     *     Runtime does not load it
     * @throws IOException if there is trouble of our own
     */
    public void require(Path model, @Nullable Evaluation evaluation, String base)
            throws RejectedException, IOException {
        Answers answers = evaluation == null
                ? examiner.ask(model, options)
                : evaluation.measured().answers();
        answers.unasked()
                .forEach(file -> LOG.info("Loaded, but not asked, for want of an input that it takes: {}", file));
        if (answers.broken() > 0) {
            answers.requireFinite(ofBase(base));
        }
    }

    private Answers ofBase(String digest) throws IOException {
        Base kept = last;
        if (kept == null || !kept.digest().equals(digest)) {
            try {
                kept = new Base(digest, examiner.ask(store.bundle(digest), options));
            } catch (RejectedException e) {
                throw new IOException("The base loaded when it came in and does not now: " + e.getMessage(), e);
            }
            last = kept;
        }
        return kept.answers();
    }
}
