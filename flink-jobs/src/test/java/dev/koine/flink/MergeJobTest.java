package dev.koine.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.junit.jupiter.api.Test;

class MergeJobTest {
    @Test
    void everyStreamIsAvroAndNothingIsLeftToKryo() {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.getExecutionEnvironment(MergeJob.settings(Duration.ofSeconds(1)));
        MergeJob.build(
                env,
                MergeJobConfig.of("localhost:9092", URI.create("file:///tmp/"), List.of(URI.create("file:///tmp/"))));
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
}
