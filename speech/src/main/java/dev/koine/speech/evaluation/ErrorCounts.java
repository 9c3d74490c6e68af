package dev.koine.speech.evaluation;

import dev.koine.speech.Task;
import java.util.Arrays;
import java.util.List;

/**
 * The counts that the {@linkplain EvaluationResult#error error} of a language and task is made of, a row an utterance: what is needed to
 * compute the error of any draw of utterances, in some forty bytes each.
 */
public final class ErrorCounts {
    private static final int NGRAMS = Bleu.NONE.matches().size();

    private final Task task;
    private final int[][] rows;
    private final int order;

    private ErrorCounts(Task task, int[][] rows, int order) {
        this.task = task;
        this.rows = rows;
        this.order = order;
    }

    /**
     * The counts of a result. BLEU is of the order that all its references have, whatever is drawn.
     *
     * @throws IllegalArgumentException if the result is a failure
     */
    public static ErrorCounts of(EvaluationResult result) {
        Score sum = result.score()
                .orElseThrow(() -> new IllegalArgumentException("The evaluation of " + result.what() + " failed."));
        Task task = result.what().task();
        int[][] rows = result.scores().stream()
                .map(score -> task == Task.TRANSCRIBE ? row(score.words()) : row(score.bleu()))
                .toArray(int[][]::new);
        return new ErrorCounts(task, rows, sum.bleu().referenceOrder());
    }

    public int utterances() {
        return rows.length;
    }

    /**
     * The error of a draw.
     *
     * @param drawn rows, 0 to {@link #utterances()} - 1; one may be there several times
     * @return infinite if all references that were drawn are empty and a text is not
     */
    public double error(int[] drawn) {
        long[] sum = new long[rows[0].length];
        for (int index : drawn) {
            int[] row = rows[index];
            for (int i = 0; i < sum.length; i++) {
                sum[i] += row[i];
            }
        }
        return task == Task.TRANSCRIBE
                ? new ErrorRate(sum[0], sum[1]).rate()
                : 1 - bleu(drawn.length, sum).score(order) / 100;
    }

    private static int[] row(ErrorRate words) {
        return new int[] {Math.toIntExact(words.edits()), Math.toIntExact(words.length())};
    }

    private static int[] row(Bleu bleu) {
        int[] row = new int[2 + 2 * NGRAMS];
        row[0] = Math.toIntExact(bleu.length());
        row[1] = Math.toIntExact(bleu.referenceLength());
        for (int n = 0; n < NGRAMS; n++) {
            row[2 + n] = Math.toIntExact(bleu.matches().get(n));
            row[2 + NGRAMS + n] = Math.toIntExact(bleu.total().get(n));
        }
        return row;
    }

    private static Bleu bleu(int texts, long[] sum) {
        return new Bleu(texts, sum[0], sum[1], list(sum, 2), list(sum, 2 + NGRAMS));
    }

    private static List<Long> list(long[] sum, int from) {
        return Arrays.stream(sum, from, from + NGRAMS).boxed().toList();
    }
}
