package dev.koine.subscriber.quarantine;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.subscriber.evaluation.EvaluationResult;
import dev.koine.subscriber.evaluation.EvaluationSet;
import dev.koine.subscriber.evaluation.Evaluator;
import dev.koine.subscriber.onnx.OnnxSessions;
import dev.koine.subscriber.speech.InputShapes;
import dev.koine.subscriber.speech.SpeechModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What a worker does. */
final class WorkerCalls {
    private final ReplyWriter out;

    WorkerCalls(ReplyWriter out) {
        this.out = out;
    }

    /** Does what it is asked to, and says what came of it. */
    void answer(Call call) throws IOException {
        Reply reply;
        try {
            reply = call.evaluation() == null ? ask(call) : evaluate(call, call.evaluation());
        } catch (RejectedException e) {
            reply = Reply.rejected(e);
        } catch (IOException | InterruptedException e) {
            reply = Reply.trouble(e.toString());
        } catch (RuntimeException | StackOverflowError e) {
            e.printStackTrace();
            reply = Reply.rejected(new RejectedException(
                    RejectionCode.INTERNAL_ERROR,
                    "Koine failed on the model with " + e
                            + "; this is a defect in Koine. The log has the stack trace: please report it."));
        }
        out.write(reply);
    }

    private Reply ask(Call call) throws RejectedException, IOException {
        Path bundle = Path.of(call.bundle());
        try (OnnxSessions sessions = OnnxSessions.open(bundle, call.options(), this::step)) {
            step("asking the model", 0, 1);
            return Reply.answers(new Question(sessions, InputShapes.of(bundle)).ask());
        }
    }

    private Reply evaluate(Call call, Call.Evaluation evaluation)
            throws RejectedException, IOException, InterruptedException {
        EvaluationSet sample = sample(evaluation);
        step("loading the model", 0, 1);
        try (SpeechModel model = SpeechModel.open(Path.of(call.bundle()), call.options())) {
            Progress progress = this::step;
            Evaluator evaluator = new Evaluator(evaluation.threads(), progress);
            return Reply.results(evaluate(evaluator, model, sample));
        }
    }

    private static Collection<EvaluationResult> evaluate(Evaluator evaluator, SpeechModel model, EvaluationSet sample)
            throws IOException, InterruptedException {
        try {
            return evaluator.evaluate(model, sample).values();
        } catch (RejectedException e) {
            throw damaged(e);
        }
    }

    /** The sets were checked before; one that is refused now has been damaged since. */
    private static EvaluationSet sample(Call.Evaluation evaluation) throws IOException {
        try {
            List<EvaluationSet> sets = new ArrayList<>();
            for (String set : evaluation.sets()) {
                sets.add(EvaluationSet.read(Path.of(set)));
            }
            return EvaluationSet.union(sets).sample(evaluation.sample(), evaluation.seed());
        } catch (RejectedException e) {
            throw damaged(e);
        }
    }

    private static IOException damaged(RejectedException e) {
        return new IOException("An evaluation set is damaged: " + e.getMessage(), e);
    }

    private void step(String stage, long done, long total) {
        try {
            out.write(Reply.step(stage, done, total));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
