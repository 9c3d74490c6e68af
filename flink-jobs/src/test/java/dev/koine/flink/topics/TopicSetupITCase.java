package dev.koine.flink.topics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.schemas.Topics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.FutureTask;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicSetupITCase {
    @Test
    void makesWhatIsMissingAndLeavesTheRest(@TempDir Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            Properties kafka = new Properties();
            kafka.setProperty("bootstrap.servers", broker.bootstrapServers());
            FutureTask<List<String>> early = new FutureTask<>(() -> TopicCheck.problems(kafka, Topics.DEFAULT));
            new Thread(early, "looks-before-they-are-there").start();
            TopicSetup.createMissing(kafka, Topics.DEFAULT, 2);
            assertThat(early.get()).isEmpty();
            TopicSetup.createMissing(kafka, Topics.DEFAULT, 5);
            try (Admin admin = Admin.create(kafka)) {
                Topics topics = Topics.DEFAULT;
                List<String> names = List.of(topics.models(), topics.experts(), topics.updates(), topics.rejections());
                assertThat(admin.describeTopics(names).allTopicNames().get().values())
                        .hasSize(4)
                        .allSatisfy(topic -> assertThat(topic.partitions()).hasSize(2));
                assertThat(setting(admin, topics.models(), "cleanup.policy")).isEqualTo("compact");
                assertThat(setting(admin, topics.updates(), "cleanup.policy")).isEqualTo("compact");
                assertThat(setting(admin, topics.experts(), "retention.ms")).isEqualTo("-1");
                assertThat(setting(admin, topics.rejections(), "cleanup.policy"))
                        .isEqualTo("delete");
                assertThat(setting(admin, Topics.SERVICES, "cleanup.policy")).isEqualTo("compact");
                assertThat(setting(admin, Topics.SERVICES, "message.timestamp.type"))
                        .isEqualTo("LogAppendTime");
                assertThat(TopicCheck.problems(kafka, topics)).isEmpty();

                set(admin, topics.experts(), "cleanup.policy", "compact");
                TopicSetup.createMissing(kafka, topics, 2);
                assertThat(TopicCheck.problems(kafka, topics))
                        .singleElement()
                        .asString()
                        .contains(topics.experts(), "cleanup.policy=compact");
            }
        }
    }

    private static void set(Admin admin, String topic, String name, String value) throws Exception {
        AlterConfigOp change = new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), List.of(change)))
                .all()
                .get();
    }

    private static String setting(Admin admin, String topic, String name) throws Exception {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Map<ConfigResource, Config> configs =
                admin.describeConfigs(List.of(resource)).all().get();
        return Objects.requireNonNull(configs.get(resource)).get(name).value();
    }
}
