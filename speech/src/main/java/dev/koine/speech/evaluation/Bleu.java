package dev.koine.speech.evaluation;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The counts that corpus BLEU is made of (Papineni et al. 2002), with one reference a text, as sacreBLEU 2 counts them by default:
 * tokenizer {@code 13a}, case kept, exponential smoothing. Counts of several texts are added.
 *
 * @param texts how many
 * @param length of the hypotheses, in tokens
 * @param referenceLength of the references, in tokens
 * @param matches of n-grams, clipped by the reference; n = 1 to 4
 * @param total n-grams of the hypotheses; n = 1 to 4
 */
public record Bleu(long texts, long length, long referenceLength, List<Long> matches, List<Long> total) {
    private static final int ORDER = 4;
    private static final List<Long> ZEROS = List.of(0L, 0L, 0L, 0L);
    public static final Bleu NONE = new Bleu(0, 0, 0, ZEROS, ZEROS);

    private static final Pattern SIGN = Pattern.compile("([\\{-~\\[-` -&\\(-\\+:-@/])");
    private static final Pattern POINT_AFTER_OTHER = Pattern.compile("([^0-9])([.,])");
    private static final Pattern POINT_BEFORE_OTHER = Pattern.compile("([.,])([^0-9])");
    private static final Pattern DASH_AFTER_DIGIT = Pattern.compile("([0-9])(-)");
    private static final Pattern SPACES = Pattern.compile(ErrorRate.SPACE + "+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern SPACES_AT_END =
            Pattern.compile(ErrorRate.SPACE + "+\\z", Pattern.UNICODE_CHARACTER_CLASS);

    public Bleu {
        matches = List.copyOf(matches);
        total = List.copyOf(total);
    }

    /** Counts one text. */
    public static Bleu of(String reference, String text) {
        List<String> expected = tokens(reference);
        List<String> found = tokens(text);
        Long[] matches = new Long[ORDER];
        Long[] total = new Long[ORDER];
        for (int n = 1; n <= ORDER; n++) {
            Map<List<String>, Long> clips = ngrams(expected, n);
            long matching = 0;
            for (Map.Entry<List<String>, Long> ngram : ngrams(found, n).entrySet()) {
                matching += Math.min(ngram.getValue(), clips.getOrDefault(ngram.getKey(), 0L));
            }
            matches[n - 1] = matching;
            total[n - 1] = (long) Math.max(0, found.size() - n + 1);
        }
        return new Bleu(1, found.size(), expected.size(), List.of(matches), List.of(total));
    }

    public Bleu plus(Bleu other) {
        return new Bleu(
                texts + other.texts,
                length + other.length,
                referenceLength + other.referenceLength,
                sum(matches, other.matches),
                sum(total, other.total));
    }

    /** BLEU of n-grams up to four, 0 to 100, as {@code sacrebleu} gives it. */
    public double score() {
        return score(ORDER);
    }

    /**
     * BLEU, 0 to 100, of n-grams no longer than the references are on average: the same as {@link #score()} where they have four tokens
     * or more. Of a few short phrases hardly any has a longer n-gram, and one of them more or less would move the score by ten points.
     * What is counted depends on the references alone, so that two models compare.
     */
    public double scoreOfReferenceOrder() {
        return score(referenceOrder());
    }

    /** The longest n-grams that the references have on average, 1 to 4. */
    int referenceOrder() {
        return (int) Math.max(1, Math.min(ORDER, texts == 0 ? ORDER : referenceLength / texts));
    }

    /** BLEU, 0 to 100, of n-grams up to an order, 1 to 4. */
    double score(int order) {
        if (matches.stream().allMatch(count -> count == 0)) {
            return 0;
        }
        double logarithms = 0;
        double smoothing = 1;
        for (int n = 0; n < order; n++) {
            if (total.get(n) == 0) {
                return 0;
            }
            double precision = 100.0 * matches.get(n) / total.get(n);
            if (matches.get(n) == 0) {
                smoothing *= 2;
                precision = 100.0 / (smoothing * total.get(n));
            }
            logarithms += Math.log(precision);
        }
        double brevity = length < referenceLength ? Math.exp(1 - (double) referenceLength / length) : 1;
        return brevity * Math.exp(logarithms / order);
    }

    /** The tokens of mteval-v13a. */
    static List<String> tokens(String text) {
        String line = SPACES_AT_END.matcher(text).replaceAll("");
        line = line.replace("<skipped>", "").replace("-\n", "").replace("\n", " ");
        line = line.replace("&quot;", "\"")
                .replace("&amp;", "&")
                .replace("&lt;", "<")
                .replace("&gt;", ">");
        line = SIGN.matcher(" " + line + " ").replaceAll(" $1 ");
        line = POINT_AFTER_OTHER.matcher(line).replaceAll("$1 $2 ");
        line = POINT_BEFORE_OTHER.matcher(line).replaceAll(" $1 $2");
        line = DASH_AFTER_DIGIT.matcher(line).replaceAll("$1 $2 ");
        return List.of(SPACES.split(line)).stream()
                .filter(token -> !token.isEmpty())
                .toList();
    }

    private static Map<List<String>, Long> ngrams(List<String> tokens, int n) {
        Map<List<String>, Long> counts = new HashMap<>();
        for (int i = 0; i + n <= tokens.size(); i++) {
            counts.merge(tokens.subList(i, i + n), 1L, Long::sum);
        }
        return counts;
    }

    private static List<Long> sum(List<Long> a, List<Long> b) {
        Long[] sums = new Long[ORDER];
        for (int n = 0; n < ORDER; n++) {
            sums[n] = a.get(n) + b.get(n);
        }
        return List.of(sums);
    }
}
