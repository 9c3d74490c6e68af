package dev.koine.speech.evaluation;

import ai.onnxruntime.OrtException;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.speech.EncodedSpeech;
import dev.koine.speech.Features;
import dev.koine.speech.SpeechModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Decodes an evaluation set with a model and compares. Each recording is encoded once for all of its texts; recordings are shared among
 * threads. Results depend on neither the order of the utterances nor the number of threads.
 *
 * <p>What the model cannot do, be it NaN or a language that it does not know, is a failure of that language and task and not an exception;
 * after it no more of that language and task is decoded.
 */
public final class Evaluator {
    private final int threads;
    private final TextNormalizer normalizer;
    private final Progress progress;

    /** With {@link TextNormalizer#BASIC}. */
    public Evaluator(int threads, Progress progress) {
        this(threads, TextNormalizer.BASIC, progress);
    }

    /**
     * @param threads that decode at a time, each a recording of its own
     * @param normalizer of the texts that error rates compare
     * @param progress hears how many recordings are done
     */
    public Evaluator(int threads, TextNormalizer normalizer, Progress progress) {
        if (threads < 1) {
            throw new IllegalArgumentException("No evaluation on " + threads + " threads. Give 1 or more.");
        }
        this.threads = threads;
        this.normalizer = normalizer;
        this.progress = progress;
    }

    /**
     * Evaluates a model. When this returns or throws, no thread uses the model or the files any more.
     *
     * @return a result for every language and task of the set
     * @throws RejectedException if the features of the set cannot be used
     * @throws IOException if the features cannot be read
     * @throws InterruptedException if this thread was interrupted; at most one utterance a thread is decoded after that
     */
    public SortedMap<LanguageTask, EvaluationResult> evaluate(SpeechModel model, EvaluationSet set)
            throws IOException, RejectedException, InterruptedException {
        Run run = new Run(model, set);
        ExecutorService executor = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "koine-evaluation");
            thread.setDaemon(true);
            return thread;
        });
        try (Recordings files = new Recordings()) {
            try {
                List<Future<Void>> workers = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    workers.add(executor.submit(run.worker(files)));
                }
                for (Future<Void> worker : workers) {
                    await(worker);
                }
            } finally {
                executor.shutdownNow();
                awaitEnd(executor);
            }
        }
        return run.results();
    }

    private static void await(Future<Void> worker) throws IOException, RejectedException, InterruptedException {
        try {
            worker.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException trouble) {
                throw trouble;
            }
            if (cause instanceof RejectedException rejected) {
                throw rejected;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException("The evaluation failed.", cause);
        }
    }

    /** A model may be closed after this; so an interruption waits for the utterances that are being decoded. */
    private static void awaitEnd(ExecutorService executor) {
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = executor.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One evaluation: what the threads share. */
    private final class Run {
        private final SpeechModel model;
        private final List<List<Text>> recordings;
        private final SortedMap<LanguageTask, Group> groups = new TreeMap<>();
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();

        Run(SpeechModel model, EvaluationSet set) {
            this.model = model;
            Map<Recording, List<Text>> byRecording =
                    new TreeMap<>(Comparator.comparing(Recording::id).thenComparing(Recording::file));
            for (Map.Entry<LanguageTask, List<Utterance>> entry :
                    set.byLanguageTask().entrySet()) {
                Group group = new Group(entry.getValue());
                groups.put(entry.getKey(), group);
                for (int i = 0; i < group.utterances.size(); i++) {
                    byRecording
                            .computeIfAbsent(group.utterances.get(i).recording(), key -> new ArrayList<>())
                            .add(new Text(group, i));
                }
            }
            recordings = List.copyOf(byRecording.values());
        }

        Callable<Void> worker(Recordings files) {
            return () -> {
                for (int i = next.getAndIncrement(); i < recordings.size(); i = next.getAndIncrement()) {
                    if (Thread.currentThread().isInterrupted()) {
                        return null;
                    }
                    List<Text> texts =
                            recordings.get(i).stream().filter(Text::isWanted).toList();
                    if (!texts.isEmpty()) {
                        decode(files.read(texts.get(0).utterance().recording()), texts);
                    }
                    progress.report("evaluating", done.incrementAndGet(), recordings.size());
                }
                return null;
            };
        }

        private void decode(Features features, Collection<Text> texts) {
            try (EncodedSpeech encoded = model.encode(features)) {
                for (Text text : texts) {
                    decode(encoded, text);
                }
            } catch (OrtException | IllegalArgumentException | IllegalStateException e) {
                texts.forEach(text -> text.fail(e));
            }
        }

        private void decode(EncodedSpeech encoded, Text text) {
            Utterance utterance = text.utterance();
            try {
                String found = encoded.transcribe(utterance.language(), utterance.task());
                text.succeed(Score.of(
                        utterance.text(),
                        found,
                        encoded.loss(utterance.language(), utterance.task(), utterance.text()),
                        normalizer));
            } catch (OrtException | IllegalArgumentException | IllegalStateException e) {
                text.fail(e);
            }
        }

        SortedMap<LanguageTask, EvaluationResult> results() {
            SortedMap<LanguageTask, EvaluationResult> results = new TreeMap<>();
            groups.forEach((what, group) -> results.put(what, group.result(what)));
            return results;
        }
    }

    /** One text of a group, by its place there. */
    private record Text(Group group, int index) {
        Utterance utterance() {
            return group.utterances.get(index);
        }

        boolean isWanted() {
            return index < group.firstFailed.get();
        }

        void succeed(Score score) {
            group.scores[index] = score;
        }

        void fail(Exception e) {
            group.failures[index] = String.valueOf(e.getMessage());
            group.firstFailed.accumulateAndGet(index, Math::min);
        }
    }

    /** The utterances of one language and task. Everything before the first failure is decoded, whatever the threads do. */
    private static final class Group {
        private final List<Utterance> utterances;
        private final Score[] scores;
        private final String[] failures;
        private final AtomicInteger firstFailed = new AtomicInteger(Integer.MAX_VALUE);

        Group(List<Utterance> utterances) {
            this.utterances = utterances;
            this.scores = new Score[utterances.size()];
            this.failures = new String[utterances.size()];
        }

        EvaluationResult result(LanguageTask what) {
            int failed = firstFailed.get();
            if (failed < utterances.size()) {
                return new EvaluationResult(what, utterances.size(), List.of(), Optional.of(failures[failed]));
            }
            return new EvaluationResult(what, utterances.size(), List.of(scores), Optional.empty());
        }
    }
}
