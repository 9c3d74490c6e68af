package dev.koine.sim.script;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.sim.fault.Interruptions;
import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.Bleu;
import dev.koine.speech.evaluation.ErrorRate;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Answers;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** Answers by {@link Judgement} of the bytes that it is shown, where the real one runs the model. */
public final class FakeExaminer implements Examiner {
    private static final int NUMBERS = 16;

    private final Judgement judgement;
    private final Interruptions interruptions;

    /** @param interruptions come before each question */
    public FakeExaminer(Judgement judgement, Interruptions interruptions) {
        this.judgement = judgement;
        this.interruptions = interruptions;
    }

    @Override
    public Answers ask(Path bundle, OnnxOptions options) throws RejectedException, IOException {
        interruptions.at("ask a model");
        return answers(digest(bundle));
    }

    @Override
    public SortedMap<LanguageTask, EvaluationResult> evaluate(
            Path bundle, OnnxOptions options, Speech speech, Progress progress) throws RejectedException, IOException {
        interruptions.at("evaluate a model");
        return results(digest(bundle), speech);
    }

    @Override
    public Findings askAndEvaluate(Path bundle, OnnxOptions options, Speech speech, Progress progress)
            throws RejectedException, IOException {
        interruptions.at("ask and evaluate a model");
        String digest = digest(bundle);
        return new Findings(answers(digest), results(digest, speech));
    }

    private Answers answers(String digest) {
        long nans = judgement.isBroken(digest) ? 1 : 0;
        return new Answers(List.of(new Answers.Output("model", "logits", NUMBERS, nans, 0)), List.of());
    }

    private SortedMap<LanguageTask, EvaluationResult> results(String digest, Speech speech) throws IOException {
        for (Path set : speech.sets()) {
            if (!Files.isDirectory(set)) {
                throw new NoSuchFileException(set.toString());
            }
        }
        SortedMap<LanguageTask, EvaluationResult> results = new TreeMap<>();
        for (String language : Library.LANGUAGES) {
            LanguageTask what = new LanguageTask(language, Task.TRANSCRIBE);
            OptionalInt errors = judgement.errors(digest, language);
            results.put(
                    what,
                    errors.isPresent()
                            ? new EvaluationResult(what, 1, List.of(score(errors.getAsInt())), Optional.empty())
                            : new EvaluationResult(what, 1, List.of(), Optional.of("The model answers NaN.")));
        }
        return results;
    }

    private static Score score(int errors) {
        ErrorRate rate = new ErrorRate(errors, Judgement.WORDS);
        return new Score(1, rate, rate, Bleu.NONE, Loss.NONE);
    }

    private static String digest(Path bundle) throws RejectedException, IOException {
        return Bundle.describe(bundle).digest();
    }
}
