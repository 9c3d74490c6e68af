package dev.koine.cli.deploy;

import static dev.koine.cli.deploy.Resources.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What pods may do, and that what they mount, run as and are told to read is there. */
class DeployedPodsTest {
    /** Whoever uses an overlay makes these, as its file says; Strimzi makes those of users and of the cluster's authority. */
    private static final Set<String> GIVEN = Set.of("koine-s3", "koine-keys");

    static Set<Map.Entry<String, Resources>> variants() throws IOException {
        return Deployed.variants().entrySet();
    }

    @ParameterizedTest
    @MethodSource("variants")
    void everyContainerIsRestricted(Map.Entry<String, Resources> variant) {
        for (Pods pod : Pods.of(variant.getValue())) {
            JsonNode context = pod.spec().path("securityContext");
            assertThat(context.path("runAsNonRoot").asBoolean()).isTrue();
            assertThat(context.path("runAsUser").asInt()).isPositive();
            assertThat(context.at("/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.containers()).isNotEmpty().allSatisfy(each -> isRestricted(each.path("securityContext")));
        }
        JsonNode kafka = variant.getValue().one("Kafka").path("spec");
        for (String pod : List.of("/kafka/template/pod", "/entityOperator/template/pod")) {
            assertThat(kafka.at(pod + "/securityContext/runAsNonRoot").asBoolean())
                    .isTrue();
            assertThat(kafka.at(pod + "/securityContext/seccompProfile/type").asText())
                    .isEqualTo("RuntimeDefault");
        }
        for (String container : List.of(
                "/kafka/template/kafkaContainer",
                "/entityOperator/template/topicOperatorContainer",
                "/entityOperator/template/userOperatorContainer")) {
            isRestricted(kafka.at(container + "/securityContext"));
        }
        JsonNode labels = variant.getValue().one("Namespace").at("/metadata/labels");
        assertThat(labels.path("pod-security.kubernetes.io/enforce").asText()).isEqualTo("restricted");
    }

    private static void isRestricted(JsonNode context) {
        assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(context.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(Yaml.texts(context.at("/capabilities/drop"))).containsExactly("ALL");
        assertThat(context.has("privileged") || context.at("/capabilities").has("add"))
                .isFalse();
    }

    /** A worker of the quarantine is no sandbox: what it could read must start nothing. */
    @ParameterizedTest
    @MethodSource("variants")
    void accountsCanDoNoMoreThanTheyNeed(Map.Entry<String, Resources> variant) {
        Resources resources = variant.getValue();
        JsonNode flink = resources.one("FlinkDeployment").path("spec");
        String jobManager = flink.path("serviceAccount").asText();
        String taskManager = flink.path("flinkConfiguration")
                .path("kubernetes.taskmanager.service-account")
                .asText();
        JsonNode pipeline = resources.one("Deployment").at("/spec/template/spec");
        assertThat(resources.names("ServiceAccount"))
                .containsExactlyInAnyOrder(
                        jobManager,
                        taskManager,
                        pipeline.path("serviceAccountName").asText());
        assertThat(pipeline.path("automountServiceAccountToken").asBoolean(true))
                .isFalse();
        assertThat(resources.names("Role")).containsExactlyInAnyOrder(jobManager, taskManager);
        for (JsonNode binding : resources.of("RoleBinding")) {
            String role = binding.at("/roleRef/name").asText();
            assertThat(Yaml.texts(binding.path("subjects").findPath("name"))).isEmpty();
            assertThat(binding.at("/subjects/0/name").asText()).isEqualTo(role);
            assertThat(binding.path("subjects")).hasSize(1);
            assertThat(resources.names("Role")).contains(role);
        }
        JsonNode rules = resources.one("Role", taskManager).path("rules");
        assertThat(rules).hasSize(1);
        assertThat(Yaml.texts(rules.at("/0/resources"))).containsExactly("configmaps");
        assertThat(Yaml.texts(rules.at("/0/verbs"))).containsExactly("get", "list", "watch");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void whatIsMountedIsThere(Map.Entry<String, Resources> variant) {
        Resources resources = variant.getValue();
        Set<String> secrets = new TreeSet<>(GIVEN);
        secrets.addAll(resources.names("KafkaUser"));
        secrets.add(name(resources.one("Kafka")) + "-cluster-ca-cert");
        for (Pods pod : Pods.of(resources)) {
            Set<String> volumes = new TreeSet<>();
            for (JsonNode volume : pod.spec().path("volumes")) {
                assertThat(volumes.add(volume.path("name").asText()))
                        .as("%s once", volume)
                        .isTrue();
                named(volume.at("/secret/secretName"), secrets);
                named(volume.at("/configMap/name"), resources.names("ConfigMap"));
                named(volume.at("/persistentVolumeClaim/claimName"), resources.names("PersistentVolumeClaim"));
            }
            Set<String> mounted = new TreeSet<>();
            for (JsonNode container : pod.containers()) {
                container
                        .path("volumeMounts")
                        .forEach(mount -> mounted.add(mount.path("name").asText()));
                container.path("envFrom").forEach(each -> named(each.at("/secretRef/name"), secrets));
            }
            assertThat(mounted).as("%s mounts each volume", pod.owner()).isEqualTo(volumes);
        }
    }

    private static void named(JsonNode name, Set<String> there) {
        if (!name.isMissingNode()) {
            assertThat(there).contains(name.asText());
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void whatIsReadAndWrittenIsMounted(Map.Entry<String, Resources> variant) throws IOException {
        Resources resources = variant.getValue();
        JobSetup setup = JobSetup.of(variant.getKey(), resources.one("FlinkDeployment"));
        Properties client = new Properties();
        client.load(new StringReader(
                resources.one("ConfigMap").at("/data").path("kafka.properties").asText()));
        for (Pods pod : Pods.of(resources)) {
            JsonNode config =
                    pod.volume(pod.mount("/etc/koine/config").path("name").asText());
            assertThat(config.at("/configMap/name").asText()).isEqualTo(name(resources.one("ConfigMap")));
            String authority = Objects.requireNonNull(client.getProperty("ssl.truststore.location"));
            JsonNode secret =
                    pod.volume(pod.mount(authority).path("name").asText()).path("secret");
            assertThat(authority).endsWith("/" + secret.at("/items/0/path").asText());
            String key = Objects.requireNonNull(client.getProperty("ssl.keystore.location"));
            assertThat(pod.mount(key).path("readOnly").asBoolean()).isTrue();
            assertThat(pod.spec().at("/initContainers/0/command/2").asText()).contains("user.key", "user.crt > " + key);
            assertThat(pod.mount("/tmp").path("readOnly").asBoolean()).isFalse();
        }
        Pods flink = Pods.of(resources).get(1);
        assertThat(setup.option("kafka.config")).isEqualTo("/etc/koine/config/kafka.properties");
        for (String path :
                List.of(setup.option("scratch"), setup.entries().getOrDefault("io.tmp.dirs", ""), "/opt/flink/log")) {
            assertThat(flink.mount(path).path("readOnly").asBoolean()).as(path).isFalse();
        }
        if (setup.entries().containsKey("koine.signing.key")) {
            assertThat(flink.spec().at("/initContainers/0/command/2").asText())
                    .endsWith("> " + setup.option("signing.key"));
            flink.mount(setup.option("trusted.keys"));
        }
    }

    /** Local places are on a volume, and the pipeline has the experts where the job has them. */
    @ParameterizedTest
    @MethodSource("variants")
    void storeAndExpertsLieOnOneKindOfStorage(Map.Entry<String, Resources> variant) {
        Resources resources = variant.getValue();
        JobSetup setup = JobSetup.of(variant.getKey(), resources.one("FlinkDeployment"));
        URI store = URI.create(setup.option("store"));
        URI experts = URI.create(setup.option("allowed.places"));
        assertThat(store.getScheme()).isEqualTo(experts.getScheme());
        if ("file".equals(store.getScheme())) {
            JsonNode volume = Pods.of(resources).get(0).mount(store.getPath());
            JsonNode there = Pods.of(resources).get(2).mount(experts.getPath());
            assertThat(there.path("name")).isEqualTo(volume.path("name"));
            assertThat(volume.path("mountPath").asText() + "/"
                            + there.path("subPath").asText() + "/")
                    .isEqualTo(experts.getPath());
            assertThat(there.path("mountPath").asText() + "/").isEqualTo(experts.getPath());
        } else {
            assertThat(store.getHost()).isEqualTo(experts.getHost());
            Pods.of(resources).forEach(pod -> assertThat(
                            pod.main().at("/envFrom/0/secretRef/name").asText())
                    .isEqualTo("koine-s3"));
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void noSecretIsWrittenDown(Map.Entry<String, Resources> variant) {
        assertThat(variant.getValue().of("Secret")).isEmpty();
        variant.getValue()
                .all()
                .forEach(resource -> Yaml.walk("", resource, (field, node) -> {
                    if (node.has("name") && node.has("value")) {
                        assertThat(Deployed.soundsSecret(node.path("name").asText()))
                                .as("%s", node)
                                .isFalse();
                    }
                    boolean isText = node.isValueNode() && !field.endsWith("Token") && !field.endsWith("secretName");
                    assertThat(isText && Deployed.soundsSecret(field))
                            .as("%s: %s", field, node)
                            .isFalse();
                }));
        String client = variant.getValue()
                .one("ConfigMap")
                .at("/data")
                .path("kafka.properties")
                .asText();
        assertThat(client.lines().filter(line -> !line.startsWith("#"))).noneMatch(Deployed::soundsSecret);
    }
}
