package dev.koine.speech.quarantine;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.InputShapes;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Evaluator;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
            reply = tried(call);
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

    private Reply tried(Call call) throws RejectedException, IOException, InterruptedException {
        Call.@Nullable Evaluation evaluation = call.evaluation();
        if (evaluation == null) {
            try (OnnxSessions sessions = open(call)) {
                return Reply.of(ask(call, sessions), null);
            }
        }
        EvaluationSet sample = sample(evaluation);
        if (call.asks()) {
            try (OnnxSessions sessions = open(call)) {
                Answers answers = ask(call, sessions);
                SpeechModel model = SpeechModel.open(Path.of(call.bundle()), sessions);
                return Reply.of(answers, evaluate(evaluation, model, sample));
            }
        }
        step("loading the model", 0, 1);
        try (SpeechModel model = SpeechModel.open(Path.of(call.bundle()), call.options())) {
            return Reply.of(null, evaluate(evaluation, model, sample));
        }
    }

    private OnnxSessions open(Call call) throws RejectedException, IOException {
        return OnnxSessions.open(Path.of(call.bundle()), call.options(), this::step);
    }

    private Answers ask(Call call, OnnxSessions sessions) throws IOException {
        step("asking the model", 0, 1);
        return new Question(sessions, InputShapes.of(Path.of(call.bundle()))).ask();
    }

    private Collection<EvaluationResult> evaluate(Call.Evaluation evaluation, SpeechModel model, EvaluationSet sample)
            throws IOException, InterruptedException {
        try {
            return new Evaluator(evaluation.threads(), this::step)
                    .evaluate(model, sample)
                    .values();
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
