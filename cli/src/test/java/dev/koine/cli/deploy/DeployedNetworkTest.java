package dev.koine.cli.deploy;

import static dev.koine.cli.deploy.Resources.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may reach whom: the ports are those that are listened on, and the labels those that pods have. */
class DeployedNetworkTest {
    /** Names, the API of Kubernetes, and Strimzi's own among brokers and operators. */
    private static final Set<Integer> OTHERS = Set.of(53, 443, 6443, 9090, 9091);

    static Set<Map.Entry<String, Resources>> variants() throws IOException {
        return Deployed.variants().entrySet();
    }

    @ParameterizedTest
    @MethodSource("variants")
    void everyPortIsOneThatIsListenedOn(Map.Entry<String, Resources> variant) {
        Resources resources = variant.getValue();
        Set<Integer> listened = new TreeSet<>(OTHERS);
        JobSetup.of("", resources.one("FlinkDeployment")).entries().forEach((key, value) -> {
            if (key.endsWith(".port")) {
                listened.add(Integer.parseInt(value));
            }
        });
        resources
                .one("Kafka")
                .at("/spec/kafka/listeners")
                .forEach(each -> listened.add(each.path("port").asInt()));
        Set<Integer> named = new TreeSet<>();
        resources.of("NetworkPolicy").forEach(policy -> policy.findValues("port")
                .forEach(port -> named.add(port.asInt())));
        assertThat(named).isEqualTo(listened);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void nothingElseIsAllowed(Map.Entry<String, Resources> variant) {
        JsonNode closed =
                variant.getValue().one("NetworkPolicy", "nothing-else").path("spec");
        assertThat(closed.path("podSelector")).isEmpty();
        assertThat(Yaml.texts(closed.path("policyTypes"))).containsExactly("Ingress", "Egress");
        assertThat(closed.has("ingress") || closed.has("egress")).isFalse();
        for (JsonNode policy : variant.getValue().of("NetworkPolicy")) {
            policy.at("/spec/ingress")
                    .forEach(each ->
                            assertThat(each.path("from")).as(name(policy)).isNotEmpty());
            policy.at("/spec/egress")
                    .forEach(each ->
                            assertThat(each.path("ports")).as(name(policy)).isNotEmpty());
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void everyLabelIsOneThatPodsHave(Map.Entry<String, Resources> variant) {
        Resources resources = variant.getValue();
        Set<String> labels = new TreeSet<>();
        labels.addAll(labels(resources.one("Deployment").at("/spec/template/metadata/labels")));
        labels.addAll(labels(resources.one("FlinkDeployment").at("/spec/podTemplate/metadata/labels")));
        String flink = name(resources.one("FlinkDeployment"));
        String kafka = name(resources.one("Kafka"));
        labels.addAll(Set.of("app=" + flink, "component=jobmanager", "component=taskmanager"));
        labels.addAll(Set.of("strimzi.io/cluster=" + kafka, "strimzi.io/kind=Kafka"));
        Set<String> selected = new TreeSet<>();
        for (String kind : Set.of("NetworkPolicy", "Kafka")) {
            for (JsonNode each : resources.of(kind)) {
                each.findValues("podSelector")
                        .forEach(selector -> selected.addAll(labels(selector.path("matchLabels"))));
            }
        }
        assertThat(selected).isEqualTo(labels);
        JsonNode deployment = resources.one("Deployment").path("spec");
        assertThat(labels(deployment.at("/template/metadata/labels")))
                .containsAll(labels(deployment.at("/selector/matchLabels")));
    }

    private static Set<String> labels(JsonNode labels) {
        Set<String> all = new TreeSet<>();
        Yaml.map(labels).forEach((label, value) -> all.add(label + "=" + value));
        return all;
    }
}
