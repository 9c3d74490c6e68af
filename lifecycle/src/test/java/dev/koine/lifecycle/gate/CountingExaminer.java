package dev.koine.lifecycle.gate;

import dev.koine.engine.Progress;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Evaluates models that are a file which says how many words they get wrong in each utterance. */
final class CountingExaminer implements Examiner {
    static final int UTTERANCES = 50;
    static final int WORDS = 10;

    private static final String FILE = "errors.txt";

    private int evaluations;

    /** How many models were evaluated. */
    int evaluations() {
        return evaluations;
    }

    /** Writes a model. @param errors wrong words of each utterance, by language */
    static void write(Path directory, Map<String, int[]> errors) throws IOException {
        Files.writeString(
                directory.resolve(FILE),
                new TreeMap<>(errors)
                        .entrySet().stream()
                                .map(entry -> entry.getKey() + Arrays.toString(entry.getValue()))
                                .collect(Collectors.joining("\n")));
    }

    /** Wrong words of all utterances, spread over them evenly. */
    static int[] spread(int errors) {
        int[] spread = new int[UTTERANCES];
        Arrays.setAll(spread, i -> errors / UTTERANCES + (i < errors % UTTERANCES ? 1 : 0));
        return spread;
    }

    @Override
    public Answers ask(Path bundle, OnnxOptions options) {
        return new Answers(List.of(new Answers.Output("model", "logits", 1, 0, 0)), List.of());
    }

    @Override
    public SortedMap<LanguageTask, EvaluationResult> evaluate(
            Path bundle, OnnxOptions options, Speech speech, Progress progress) throws IOException {
        evaluations++;
        SortedMap<LanguageTask, EvaluationResult> results = new TreeMap<>();
        for (String line : Files.readAllLines(bundle.resolve(FILE))) {
            LanguageTask what = new LanguageTask(line.substring(0, line.indexOf('[')), Task.TRANSCRIBE);
            List<Score> scores = new ArrayList<>();
            for (String number :
                    line.substring(line.indexOf('[') + 1, line.length() - 1).split(", ")) {
                ErrorRate rate = new ErrorRate(Integer.parseInt(number), WORDS);
                scores.add(new Score(1, rate, rate, Bleu.NONE, Loss.NONE));
            }
            results.put(what, new EvaluationResult(what, scores.size(), scores, Optional.empty()));
        }
        return results;
    }

    @Override
    public Findings askAndEvaluate(Path bundle, OnnxOptions options, Speech speech, Progress progress)
            throws IOException {
        return new Findings(ask(bundle, options), evaluate(bundle, options, speech, progress));
    }
}
