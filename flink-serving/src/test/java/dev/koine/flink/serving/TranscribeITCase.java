package dev.koine.flink.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Device;
import dev.koine.events.CommittedReads;
import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcript;
import dev.koine.testkit.TinyCtc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TranscribeITCase {
    private static final String MODEL = "streamed";
    private static final String OUT = "transcripts";
    private static final long LAST = 3;

    @TempDir
    Path directory;

    @Test
    void everyRecordGoesOnOnceWhileVersionsAreSwappedAndTheJobStartsAgain() throws Exception {
        try (Announcer announcer = new Announcer(directory)) {
            announcer.createTopic(OUT);
            Map<Long, String> digests = new TreeMap<>();
            digests.put(0L, announcer.announce(MODEL, 0));
            Progress.reset();

            JobClient job = job(announcer, Map.of()).executeAsync();
            for (long version = 1; version <= LAST; version++) {
                long before = version - 1;
                await(() -> Progress.VERSION.get() >= before);
                digests.put(version, announcer.announce(MODEL, version));
            }
            await(() -> Progress.VERSION.get() == LAST && Progress.FAILED.get());
            awaitCheckpoints(2);
            assertThat(Announcer.threads(MODEL).stream().filter(name -> name.startsWith("koine-subscriber")))
                    .hasSize(1);
            String savepoint = stop(job, false);

            JobClient goesOn = job(announcer, Map.of("execution.state-recovery.path", savepoint))
                    .executeAsync();
            awaitCheckpoints(2);
            stop(goesOn, true);

            assertThat(Announcer.threads(MODEL)).isEmpty();
            assertThat(KeptMetrics.values(".koine.model." + MODEL + ".version").max())
                    .hasValue(LAST);
            assertThat(KeptMetrics.values(".koine.model." + MODEL + ".answered").sum())
                    .isPositive();
            assertThat(KeptMetrics.values(".koine.model." + MODEL + ".refused").sum())
                    .isPositive();
            assertThat(KeptMetrics.values(".koine.model." + MODEL + ".waiting")).containsOnly(0L);
            List<String[]> lines = committed(announcer);
            assertThat(lines.stream().mapToLong(line -> Long.parseLong(line[0])).sorted())
                    .containsExactlyElementsOf(
                            LongStream.range(0, lines.size()).boxed().toList());
            assertThat(lines).allSatisfy(line -> requireConsistent(line, digests));
            assertThat(lines.stream()
                            .map(line -> line[2])
                            .filter(version -> !version.isEmpty())
                            .distinct())
                    .contains("0", "" + LAST);
        }
    }

    private String stop(JobClient job, boolean drains) throws Exception {
        String savepoint = job.stopWithSavepoint(
                        drains, directory.resolve("savepoints").toString(), SavepointFormatType.CANONICAL)
                .get(5, TimeUnit.MINUTES);
        job.getJobExecutionResult().get(5, TimeUnit.MINUTES);
        return savepoint;
    }

    private StreamExecutionEnvironment job(Announcer announcer, Map<String, String> more) {
        Configuration configuration = Configuration.fromMap(more);
        configuration.addAll(Configuration.fromMap(KeptMetrics.configuration()));
        configuration.addAll(Configuration.fromMap(Map.of(
                "pipeline.generic-types", "false",
                "execution.checkpointing.interval", "250 ms",
                "execution.checkpointing.dir",
                        directory.resolve("checkpoints").toUri().toString(),
                "restart-strategy.type", "fixed-delay",
                "restart-strategy.fixed-delay.delay", "10 ms",
                "restart-strategy.fixed-delay.attempts", "5",
                "execution.checkpointing.tolerable-failed-checkpoints", "100")));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
        DataStream<Long> records = env.fromSource(
                        new DataGeneratorSource<>(
                                (Long n) -> n, Long.MAX_VALUE, RateLimiterStrategy.perSecond(300), Types.LONG),
                        WatermarkStrategy.noWatermarks(),
                        "numbers")
                .setParallelism(1)
                .uid("numbers")
                .rebalance();
        ServingSettings settings = ServingSettings.of(announcer.bootstrapServers(), MODEL)
                .withCacheDirectory(directory.resolve("cache").toString())
                .withDevice(Device.CPU, 1)
                .withFirstVersionWithin(Duration.ofMinutes(3));
        Transcribe.with(settings)
                .concurrency(2)
                .unordered(records, TranscribeITCase::speech)
                .uid("transcribe")
                .map(new FailsOnce())
                .map(TranscribeITCase::line)
                .sinkTo(KafkaSink.<String>builder()
                        .setBootstrapServers(announcer.bootstrapServers())
                        .setRecordSerializer(KafkaRecordSerializationSchema.builder()
                                .setTopic(OUT)
                                .setValueSerializationSchema(new SimpleStringSchema())
                                .build())
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .setTransactionalIdPrefix("transcripts")
                        .setProperty("transaction.timeout.ms", "60000")
                        .build())
                .uid("transcripts");
        return env;
    }

    /** Each tenth record has no speech, each eleventh speech of another shape. */
    private static Speech speech(long n) throws RefusedSpeechException {
        if (n % 10 == 9) {
            throw new RefusedSpeechException("no recording");
        }
        return n % 11 == 10 ? Speech.of(new float[] {1, 2, 3}, 1, "de") : Speech.of(TinyCtc.hearing(2, 0), 2, "de");
    }

    private static String line(Transcribed<Long> record) {
        Transcript transcript = record.transcript();
        return transcript == null
                ? record.input() + "||||" + record.refusal()
                : record.input() + "|" + transcript.text() + "|" + transcript.version() + "|" + transcript.digest()
                        + "|";
    }

    private static void requireConsistent(String[] line, Map<Long, String> digests) {
        long n = Long.parseLong(line[0]);
        if (n % 10 == 9) {
            assertThat(line[4]).isEqualTo("no recording");
        } else if (n % 11 == 10) {
            assertThat(line[4]).contains("The features are 1 by 3 but this model takes [frames, 4]");
        } else {
            long version = Long.parseLong(line[2]);
            assertThat(line[1]).isEqualTo(Announcer.letter(version));
            assertThat(line[3]).isEqualTo(digests.get(version));
        }
    }

    private static List<String[]> committed(Announcer announcer) {
        Map<String, Object> settings =
                CommittedReads.settings(Map.of("bootstrap.servers", announcer.bootstrapServers()));
        List<String[]> lines = new ArrayList<>();
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition(OUT, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                    lines.add(record.value().split("\\|", -1));
                }
            }
        }
        return lines;
    }

    private static void awaitCheckpoints(int more) throws InterruptedException {
        long seen = Progress.CHECKPOINTS.get();
        await(() -> Progress.CHECKPOINTS.get() >= seen + more);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        for (long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
                !condition.getAsBoolean() && System.nanoTime() < end; ) {
            Thread.sleep(20);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    /** What the job, which runs in this JVM, has come to. */
    private static final class Progress {
        static final AtomicLong VERSION = new AtomicLong(-1);
        static final AtomicLong CHECKPOINTS = new AtomicLong();
        static final AtomicBoolean FAILED = new AtomicBoolean();

        static void reset() {
            VERSION.set(-1);
            CHECKPOINTS.set(0);
            FAILED.set(false);
        }
    }

    /** Fails the job when a checkpoint is there to go back to, and a version has been swapped since the start. */
    private static final class FailsOnce
            implements MapFunction<Transcribed<Long>, Transcribed<Long>>, CheckpointListener {
        private static final long serialVersionUID = 1L;

        @Override
        public Transcribed<Long> map(Transcribed<Long> record) {
            Transcript transcript = record.transcript();
            if (transcript != null) {
                Progress.VERSION.accumulateAndGet(transcript.version(), Math::max);
                if (transcript.version() >= 1
                        && Progress.CHECKPOINTS.get() > 1
                        && Progress.FAILED.compareAndSet(false, true)) {
                    throw new IllegalStateException("fails once");
                }
            }
            return record;
        }

        @Override
        public void notifyCheckpointComplete(long checkpoint) {
            Progress.CHECKPOINTS.incrementAndGet();
        }
    }
}
