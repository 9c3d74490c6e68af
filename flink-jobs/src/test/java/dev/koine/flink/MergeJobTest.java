package dev.koine.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.harness.SavepointContents;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.SlotSharing;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;

class MergeJobTest {
    private static final JobSettings SETTINGS = JobSettings.NONE
            .with(MergeJobOptions.BOOTSTRAP_SERVERS, "localhost:9092")
            .with(MergeJobOptions.STORE, URI.create("file:///tmp/"))
            .with(MergeJobOptions.ALLOWED_PLACES, List.of(URI.create("file:///tmp/")));
    private static final MergeJobConfig CONFIG = MergeJobConfig.of(SETTINGS);

    @Test
    void everyOperatorHasAnIdThatSavepointsKnowItBy() throws Exception {
        StreamGraph graph = graph();
        assertThat(graph.getStreamNodes())
                .extracting(StreamNode::getTransformationUID)
                .containsExactlyInAnyOrder(
                        "events",
                        "decode",
                        "intake",
                        "prune",
                        "head",
                        "updates",
                        "Sink Committer: updates",
                        "rejections",
                        "Sink Committer: rejections");
        assertThat(graph.getStreamNodes())
                .extracting(StreamNode::getMaxParallelism)
                .containsOnly(128);
        Set<String> ids = new TreeSet<>();
        for (JobVertex vertex : graph.getJobGraph().getVertices()) {
            vertex.getOperatorIDs()
                    .forEach(pair -> ids.add(pair.getGeneratedOperatorID().toHexString()));
        }
        for (String release : SavepointITCase.releases()) {
            assertThat(ids)
                    .as("The savepoint of release %s has state of an operator that is no more", release)
                    .containsAll(SavepointContents.read(SavepointITCase.savepoint(release))
                            .keySet());
        }
    }

    @Test
    void whereFlinkHasAnotherAvroOfItsOwnTheMessageSaysWhichFile() {
        MergeJob.requireOneAvro(AvroTypeInfo.class, SpecificRecord.class);
        assertThatThrownBy(() -> MergeJob.requireOneAvro(AvroTypeInfo.class, String.class))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("flink-avro-")
                .hasMessageContaining("Take it out of there");
    }

    private static StreamGraph graph() {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(MergeJob.settings(Duration.ofSeconds(1)));
        MergeJob.build(env, CONFIG);
        return env.getStreamGraph(false);
    }

    @Test
    void pruningAndTheHeadMayHaveSlotsOfTheirOwn() {
        assertThat(slots(SlotSharing.SHARED)).containsOnlyKeys("default");
        assertThat(slots(SlotSharing.SEPARATE))
                .containsOnlyKeys("default", "prune", "head")
                .containsEntry("prune", Set.of("prune"))
                .containsEntry("head", Set.of("head", "updates", "Sink Committer: updates"));
    }

    private static Map<String, Set<String>> slots(SlotSharing sharing) {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(MergeJob.settings(Duration.ofSeconds(1)));
        MergeJob.build(env, MergeJobConfig.of(SETTINGS.with(MergeJobOptions.SLOTS, sharing)));
        return env.getStreamGraph(false).getStreamNodes().stream()
                .collect(Collectors.groupingBy(
                        StreamNode::getSlotSharingGroup,
                        Collectors.mapping(StreamNode::getTransformationUID, Collectors.toSet())));
    }

    @Test
    void pruningAloneMayBeMoreParallelThanTheRest() {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(MergeJob.settings(Duration.ofSeconds(1)));
        env.setParallelism(1);
        MergeJob.build(env, CONFIG, 3);
        assertThat(env.getStreamGraph(false).getStreamNodes())
                .hasSizeGreaterThan(4)
                .allSatisfy(node -> assertThat(node.getParallelism())
                        .as(node.getOperatorName())
                        .isEqualTo(node.getOperatorName().contains("prune") ? 3 : 1))
                .anySatisfy(node -> assertThat(node.getParallelism()).isEqualTo(3));
    }

    @Test
    void everyStreamIsAvroAndNothingIsLeftToKryo() {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(MergeJob.settings(Duration.ofSeconds(1)));
        MergeJob.build(env, CONFIG);
        assertThat(env.getConfig().getSerializerConfig().hasGenericTypesDisabled())
                .isTrue();
        for (Transformation<?> sink : env.getTransformations()) {
            assertThat(sink.getTransitivePredecessors())
                    .filteredOn(step -> step != sink)
                    .isNotEmpty()
                    .allSatisfy(step -> assertThat(step.getOutputType()).isInstanceOf(AvroTypeInfo.class));
        }
        StreamGraph graph = env.getStreamGraph(false);
        assertThat(graph.getStreamNodes()).allSatisfy(node -> {
            assertThat(String.valueOf(node.getTypeSerializerOut())).doesNotContain("Kryo");
        });
        assertThat(graph.getJobGraph().getNumberOfVertices()).isPositive();
    }

    @Test
    void partitionsThatAreAddedAreFoundBeforeSendersGiveUp() {
        Properties kafka = new Properties();
        assertThat(Long.parseLong(MergeJob.sourceProperties(kafka).getProperty("partition.discovery.interval.ms")))
                .isBetween(1L, 30_000L);
        kafka.setProperty("partition.discovery.interval.ms", "600000");
        kafka.setProperty("isolation.level", "read_uncommitted");
        assertThat(MergeJob.sourceProperties(kafka))
                .containsEntry("partition.discovery.interval.ms", "600000")
                .containsEntry("isolation.level", "read_committed");
    }
}
