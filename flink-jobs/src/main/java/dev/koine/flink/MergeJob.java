package dev.koine.flink;

import dev.koine.flink.config.MergeJobArguments;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.head.HeadFunction;
import dev.koine.flink.intake.IntakeFunction;
import dev.koine.flink.prune.PruneFunction;
import dev.koine.flink.sink.EventSerializer;
import dev.koine.flink.sink.Outputs;
import dev.koine.flink.source.DecodeFunction;
import dev.koine.flink.source.InboundDeserializer;
import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.option.SlotSharing;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.speech.onnx.CodePlaces;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraphGenerator;
import org.apache.flink.util.ParameterTool;
import org.apache.flink.util.function.SerializableFunction;
import org.jspecify.annotations.Nullable;

/**
 * The merge job.
 *
 * <pre>
 * experts ──▶ Decode ──▶ Intake ──▶ Prune (one task a tensor, parallel) ──▶ Head (one per model) ──▶ updates
 * models  ──▶    │          │                                                 │
 *                └──────────┴────────────────────────┬────────────────────────┘
 *                                                    ▼
 *                                                rejections
 * </pre>
 */
public final class MergeJob {
    /** The job's name on every cluster. */
    public static final String NAME = "koine-merge";

    private static final Set<String> PROMISED =
            Set.of(PipelineOptions.GENERIC_TYPES.key(), CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE.key());

    /** Part of every savepoint: the number of groups that models are divided into. It can never change. */
    private static final int MAX_PARALLELISM = 128;

    private static final Duration PARTITIONS_EVERY = Duration.ofSeconds(10);

    private MergeJob() {}

    /** Entry point for {@code flink run}; see {@link MergeJobArguments}. */
    public static void main(String[] args) throws Exception {
        requireOneAvro(AvroTypeInfo.class, SpecificRecord.class);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.configure(settings(Duration.ofSeconds(10), env.getConfiguration()));
        build(
                env,
                MergeJobArguments.parse(
                        ParameterTool.fromArgs(args).toMap(),
                        env.getConfiguration().toMap()));
        env.execute(NAME);
    }

    /** Flink asks its own class path first for what is in its packages, also for what the job's jar has. */
    static void requireOneAvro(Class<?> ofFlink, Class<?> ofAvro) {
        if (!Objects.equals(ofFlink.getClassLoader(), ofAvro.getClassLoader())) {
            throw new IllegalStateException("Flink's lib folder has another flink-avro than the job's jar: "
                    + place(ofFlink) + ". Take it out of there; the job cannot run beside it.");
        }
    }

    private static String place(Class<?> type) {
        try {
            return CodePlaces.of(type).toString();
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * What the job asks of Flink where the cluster's configuration says nothing else. Checkpoints are unaligned: pruning takes seconds, and an aligned
     * barrier would wait behind a whole backlog of it before anything is committed.
     *
     * @param checkpointInterval also how often updates are committed to Kafka
     */
    public static Configuration settings(Duration checkpointInterval) {
        Configuration settings = new Configuration();
        settings.set(PipelineOptions.GENERIC_TYPES, false);
        settings.set(PipelineOptions.MAX_PARALLELISM, MAX_PARALLELISM);
        settings.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, checkpointInterval);
        settings.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
        settings.set(CheckpointingOptions.ENABLE_UNALIGNED, true);
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
        settings.set(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF, Duration.ofSeconds(30));
        return settings;
    }

    /** As {@link #settings(Duration)}, but where the cluster's configuration says something else that the job's promises do not rest on. */
    private static Configuration settings(Duration checkpointInterval, ReadableConfig cluster) {
        Configuration settings = settings(checkpointInterval);
        settings.keySet().stream()
                .filter(name -> !PROMISED.contains(name) && cluster.toMap().containsKey(name))
                .forEach(settings::removeKey);
        return settings;
    }

    /** Adds the job's graph to an environment, each part as parallel as that says. */
    public static void build(StreamExecutionEnvironment env, MergeJobConfig config) {
        build(env, config, ExecutionConfig.PARALLELISM_DEFAULT);
    }

    /**
     * As {@link #build(StreamExecutionEnvironment, MergeJobConfig)}.
     *
     * @param pruning how many tensors are pruned at a time; the rest is as parallel as the environment says
     */
    public static void build(StreamExecutionEnvironment env, MergeJobConfig config, int pruning) {
        SingleOutputStreamOperator<InboundEvent> decoded = env.fromSource(
                        source(config), WatermarkStrategy.noWatermarks(), "events")
                .uid("events")
                .process(new DecodeFunction(config.topics().models(), config.kafka()))
                .returns(new AvroTypeInfo<>(InboundEvent.class))
                .name("decode")
                .uid("decode");

        SingleOutputStreamOperator<Turn> turns = decoded.keyBy(InboundEvent::getModelId)
                .process(new IntakeFunction(config))
                .returns(new AvroTypeInfo<>(Turn.class))
                .name("intake")
                .uid("intake");

        SingleOutputStreamOperator<PrunedPiece> pieces = turns.getSideOutput(IntakeFunction.TASKS)
                .rebalance()
                .map(new PruneFunction(config))
                .setParallelism(pruning)
                .returns(new AvroTypeInfo<>(PrunedPiece.class))
                .name("prune")
                .uid("prune")
                .slotSharingGroup(slots(config, "prune"));

        SingleOutputStreamOperator<ModelUpdate> updates = turns.keyBy(Turn::getModelId)
                .connect(pieces.keyBy(PrunedPiece::getModelId))
                .process(new HeadFunction(config))
                .returns(new AvroTypeInfo<>(ModelUpdate.class))
                .name("head")
                .uid("head")
                .slotSharingGroup(slots(config, "head"));

        updates.sinkTo(sink(config, config.topics().updates(), "updates", ModelUpdate.class, ModelUpdate::getModelId))
                .name("updates")
                .uid("updates");
        decoded.getSideOutput(Outputs.REJECTIONS)
                .union(turns.getSideOutput(Outputs.REJECTIONS), updates.getSideOutput(Outputs.REJECTIONS))
                .sinkTo(sink(
                        config, config.topics().rejections(), "rejections", Rejection.class, Rejection::getModelId))
                .name("rejections")
                .uid("rejections");
    }

    private static String slots(MergeJobConfig config, String own) {
        return config.slots() == SlotSharing.SEPARATE ? own : StreamGraphGenerator.DEFAULT_SLOT_SHARING_GROUP;
    }

    private static KafkaSource<InboundEvent> source(MergeJobConfig config) {
        return KafkaSource.<InboundEvent>builder()
                .setTopics(config.topics().models(), config.topics().experts())
                .setGroupId(config.jobId())
                .setProperties(sourceProperties(config.kafkaProperties()))
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setDeserializer(new InboundDeserializer())
                .build();
    }

    /** Partitions that are added later are looked for more often than senders give up waiting, unless {@code kafka} says how often. */
    static Properties sourceProperties(Properties kafka) {
        Properties properties = new Properties();
        properties.setProperty(
                KafkaSourceOptions.PARTITION_DISCOVERY_INTERVAL_MS.key(), String.valueOf(PARTITIONS_EVERY.toMillis()));
        properties.putAll(kafka);
        properties.setProperty("isolation.level", "read_committed");
        return properties;
    }

    private static <T extends SpecificRecord> KafkaSink<T> sink(
            MergeJobConfig config,
            String topic,
            String name,
            Class<T> type,
            SerializableFunction<T, @Nullable String> modelId) {
        return KafkaSink.<T>builder()
                .setKafkaProducerConfig(config.kafkaProperties())
                .setRecordSerializer(new EventSerializer<>(topic, type, modelId, config.kafka()))
                .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                .setTransactionalIdPrefix(config.jobId() + "-" + name)
                .setProperty(
                        "transaction.timeout.ms",
                        String.valueOf(config.transactionTimeout().toMillis()))
                .build();
    }
}
