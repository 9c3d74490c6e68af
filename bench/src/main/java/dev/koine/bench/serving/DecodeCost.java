package dev.koine.bench.serving;

import dev.koine.engine.Device;
import dev.koine.speech.EncodedSpeech;
import dev.koine.speech.Features;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How long one Whisper model takes to decode in each of several layouts of its decoder files, in turn and in one process. Their texts have to be
 * the same.
 */
public final class DecodeCost {
    private static final OnnxOptions OPTIONS = new OnnxOptions(2, Device.CPU);

    private final List<Spoken> speech;
    private final List<Candidate> candidates = new ArrayList<>();

    private DecodeCost(List<Spoken> speech) {
        this.speech = speech;
    }

    private record Spoken(Features features, Utterance utterance) {}

    /** A layout, with the seconds of its rounds: all, and without the encoder. */
    private record Candidate(String name, SpeechModel model, List<Double> all, List<Double> decoding) {}

    /** Arguments: folder of speech, rounds, folders of the model, to the first of which the others are compared. Prints Markdown. */
    public static void main(String[] arguments) throws Exception {
        DecodeCost cost = new DecodeCost(read(Path.of(arguments[0])));
        try {
            for (int i = 2; i < arguments.length; i++) {
                Path folder = Path.of(arguments[i]);
                SpeechModel model = SpeechModel.open(folder, OPTIONS);
                cost.candidates.add(new Candidate(
                        String.valueOf(folder.getFileName()), model, new ArrayList<>(), new ArrayList<>()));
            }
            cost.measure(Integer.parseInt(arguments[1]));
            cost.print();
        } finally {
            cost.candidates.forEach(candidate -> candidate.model().close());
        }
    }

    private static List<Spoken> read(Path set) throws Exception {
        List<Spoken> speech = new ArrayList<>();
        try (Recordings recordings = new Recordings()) {
            for (Utterance utterance : EvaluationSet.read(set).utterances()) {
                speech.add(new Spoken(recordings.read(utterance.recording()), utterance));
            }
        }
        return speech;
    }

    private void measure(int rounds) throws Exception {
        for (int round = -1; round < rounds; round++) {
            List<String> first = List.of();
            for (Candidate candidate : candidates) {
                List<String> texts = transcribe(candidate, round >= 0);
                first = first.isEmpty() ? texts : first;
                if (!texts.equals(first)) {
                    throw new IllegalStateException(
                            candidate.name() + " writes other texts: " + texts + ", not " + first);
                }
            }
        }
    }

    private List<String> transcribe(Candidate candidate, boolean isTimed) throws Exception {
        List<String> texts = new ArrayList<>();
        long decoding = 0;
        long begun = System.nanoTime();
        for (Spoken spoken : speech) {
            try (EncodedSpeech encoded = candidate.model().encode(spoken.features())) {
                long encodedAt = System.nanoTime();
                texts.add(encoded.transcribe(
                        spoken.utterance().language(), spoken.utterance().task()));
                decoding += System.nanoTime() - encodedAt;
            }
        }
        if (isTimed) {
            candidate.all().add((System.nanoTime() - begun) / 1e9);
            candidate.decoding().add(decoding / 1e9);
        }
        return texts;
    }

    private void print() {
        System.out.println("| decoder | all s | decoding s | all, of the first | decoding, of the first |");
        System.out.println("|---|---|---|---|---|");
        Candidate first = candidates.get(0);
        for (Candidate candidate : candidates) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %.2f | %.2f |%n",
                    candidate.name(),
                    median(candidate.all()),
                    median(candidate.decoding()),
                    median(candidate.all()) / median(first.all()),
                    median(candidate.decoding()) / median(first.decoding()));
        }
    }

    private static double median(List<Double> samples) {
        return samples.stream().sorted().toList().get(samples.size() / 2);
    }
}
