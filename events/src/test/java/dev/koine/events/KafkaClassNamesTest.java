package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaClassNamesTest {
    private static final String LOGIN = "sasl.jaas.config";

    @Test
    void whereClassesHaveTheirOwnNamesNothingChanges() {
        Map<String, String> given =
                Map.of(LOGIN, "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\";");
        assertThat(KafkaClassNames.here(given)).isEqualTo(given);
    }

    @Test
    void classesOfKafkaGetTheNamesThatTheyHaveInTheJar() {
        assertThat(KafkaClassNames.under(
                        "x.shaded.kafka.",
                        Map.of(
                                LOGIN,
                                "org.apache.kafka.common.security.scram.ScramLoginModule required password=\"a$1\\\";",
                                "partition.assignment.strategy",
                                "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.StickyAssignor",
                                "bootstrap.servers",
                                "org.apache.example:9092",
                                "interceptor.classes",
                                "com.example.org.apache.kafka.Mine")))
                .containsEntry(
                        LOGIN, "x.shaded.kafka.common.security.scram.ScramLoginModule required password=\"a$1\\\";")
                .containsEntry(
                        "partition.assignment.strategy",
                        "x.shaded.kafka.clients.consumer.RangeAssignor,x.shaded.kafka.clients.consumer.StickyAssignor")
                .containsEntry("bootstrap.servers", "org.apache.example:9092")
                .containsEntry("interceptor.classes", "com.example.org.apache.kafka.Mine");
    }
}
