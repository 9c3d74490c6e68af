package dev.koine.bench.serving;

import dev.koine.bench.machine.Cpu;
import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.EventPublisher;
import dev.koine.flink.serving.Transcribe;
import dev.koine.flink.serving.Transcribed;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Recipe;
import dev.koine.schemas.Topics;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.SharedModels;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcriber;
import dev.koine.speech.Features;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.Recordings;
import dev.koine.speech.evaluation.Utterance;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.functions.RichFilterFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * How many utterances a second a pipeline decodes with {@link Transcribe}, against threads that ask the same model in a bare loop, in turn and
 * in one process. Both are counted from their first to their last answer, so what a job takes to start is not in it.
 */
public final class AsyncCost {
    private static final String MODEL = "bench";

    private final ServingSettings settings;
    private final List<Speech> speech;
    private final int utterances;

    private AsyncCost(ServingSettings settings, List<Speech> speech, int utterances) {
        this.settings = settings;
        this.speech = speech;
        this.utterances = utterances;
    }

    /** A record as a pipeline has it. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Call(float[] features, int frames) implements Serializable {}

    private record Sample(double wall, double cpu) {}

    /** Arguments: folder of a CTC model, folder of speech, empty folder to work in, utterances, rounds. Prints Markdown. */
    public static void main(String[] arguments) throws Exception {
        Path work = Path.of(arguments[2]).toRealPath();
        try (EmbeddedBroker broker = EmbeddedBroker.start(work.resolve("kafka"))) {
            announce(broker.bootstrapServers(), Path.of(arguments[0]).toRealPath());
            ServingSettings settings = ServingSettings.of(broker.bootstrapServers(), MODEL)
                    .withCacheDirectory(work.resolve("cache").toString())
                    .withDevice(Device.CPU, 1);
            AsyncCost cost = new AsyncCost(settings, read(Path.of(arguments[1])), Integer.parseInt(arguments[3]));
            cost.measure(Integer.parseInt(arguments[4]));
        }
    }

    private static void announce(String servers, Path bundle) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", servers))) {
            NewTopic updates = new NewTopic(Topics.DEFAULT.updates(), Optional.of(1), Optional.empty());
            admin.createTopics(List.of(updates)).all().get();
        }
        Bundle described = Bundle.describe(bundle);
        ModelUpdate update = ModelUpdate.newBuilder()
                .setModelId(MODEL)
                .setVersion(0L)
                .setDigest(described.digest())
                .setBundle(Bundles.toAvro(described))
                .setExperts(List.of())
                .setRecipe(Recipe.newBuilder().build())
                .setCause(Cause.newBuilder()
                        .setChange(Change.REGISTERED)
                        .setPosition(new Position(Topics.DEFAULT.models(), 0, 0L, Instant.EPOCH))
                        .build())
                .setTime(Instant.EPOCH)
                .build();
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", servers);
        try (EventPublisher publisher = new EventPublisher(kafka)) {
            publisher.publish(Topics.DEFAULT.updates(), MODEL, update, ModelUpdate.class);
        }
    }

    private static List<Speech> read(Path set) throws Exception {
        List<Speech> speech = new ArrayList<>();
        try (Recordings recordings = new Recordings()) {
            for (Utterance utterance : EvaluationSet.read(set).utterances()) {
                Features features = recordings.read(utterance.recording());
                speech.add(Speech.of(features.values(), features.rows(), utterance.language()));
            }
        }
        return speech;
    }

    private void measure(int rounds) throws Exception {
        System.out.println(
                "| threads | bare loop, a second | pipeline, a second | pipeline takes | its processor time |");
        System.out.println("|---|---|---|---|---|");
        try (Transcriber transcriber = SharedModels.open(settings)) {
            for (int threads = 1; threads <= 2; threads++) {
                List<Sample> loops = new ArrayList<>();
                List<Sample> pipelines = new ArrayList<>();
                for (int round = -1; round < rounds; round++) {
                    Sample loop = loop(transcriber, threads);
                    Sample pipeline = pipeline(threads);
                    if (round >= 0) {
                        loops.add(loop);
                        pipelines.add(pipeline);
                    }
                }
                Sample loop = median(loops);
                Sample pipeline = median(pipelines);
                System.out.printf(
                        Locale.ROOT,
                        "| %d | %.0f | %.0f | %.2f times as long | %.2f times as much |%n",
                        threads,
                        utterances / loop.wall(),
                        utterances / pipeline.wall(),
                        pipeline.wall() / loop.wall(),
                        pipeline.cpu() / loop.cpu());
            }
        }
    }

    private Sample loop(Transcriber transcriber, int threads) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        Span span = new Span();
        AtomicLong next = new AtomicLong();
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            done.add(pool.submit(() -> {
                for (long n = next.getAndIncrement(); n < utterances; n = next.getAndIncrement()) {
                    transcriber.transcribe(speech.get((int) (n % speech.size())));
                    span.answered();
                }
                return null;
            }));
        }
        for (Future<?> each : done) {
            each.get();
        }
        pool.shutdown();
        return span.sample();
    }

    private Sample pipeline(int threads) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        Answers.span = new Span();
        List<Call> calls = speech.stream()
                .map(each -> new Call(each.values(), each.frames()))
                .toList();
        Transcribe.with(settings)
                .concurrency(threads)
                .unordered(
                        env.fromSequence(0, utterances - 1L)
                                .map(n -> calls.get((int) (n % calls.size())))
                                .returns(Call.class),
                        call -> Speech.of(call.features(), call.frames(), "und"))
                .filter(new Answers())
                .sinkTo(new DiscardingSink<>());
        env.execute();
        return Answers.span.sample();
    }

    private static Sample median(List<Sample> samples) {
        double[] wall = samples.stream().mapToDouble(Sample::wall).sorted().toArray();
        double[] cpu = samples.stream().mapToDouble(Sample::cpu).sorted().toArray();
        return new Sample(wall[wall.length / 2], cpu[cpu.length / 2]);
    }

    /** From the first answer to the last. */
    private static final class Span {
        private long first;
        private long last;
        private double firstCpu;
        private double lastCpu;

        synchronized void answered() {
            last = System.nanoTime();
            lastCpu = Cpu.seconds();
            if (first == 0) {
                first = last;
                firstCpu = lastCpu;
            }
        }

        synchronized Sample sample() {
            return new Sample((last - first) / 1e9, lastCpu - firstCpu);
        }
    }

    /** Sees the answers of a job, which runs in this JVM. */
    private static final class Answers extends RichFilterFunction<Transcribed<Call>> {
        private static final long serialVersionUID = 1L;

        static Span span = new Span();

        @Override
        public boolean filter(Transcribed<Call> record) {
            if (!record.isAnswered()) {
                throw new IllegalStateException(record.refusal());
            }
            span.answered();
            return true;
        }
    }
}
