package dev.koine.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The compose file: hardened, reachable from this machine only, and of one mind with the configuration that it mounts. */
class DeployedComposeTest {
    private static final Path MONITORING = Deployed.ROOT.resolve("deploy/monitoring");
    private static final Pattern HOST = Pattern.compile("(?:^|[/@,: ])([a-z0-9]+):([0-9]{2,5})");

    @Test
    void everyContainerIsHardened() throws IOException {
        for (Map.Entry<String, JsonNode> service : services().entrySet()) {
            JsonNode said = service.getValue();
            assertThat(said.path("read_only").asBoolean()).as(service.getKey()).isTrue();
            assertThat(Yaml.texts(said.path("cap_drop"))).containsExactly("ALL");
            assertThat(Yaml.texts(said.path("security_opt"))).contains("no-new-privileges:true");
            assertThat(said.has("privileged") || said.has("cap_add")).isFalse();
            boolean builtHere = said.path("image").asText().startsWith("koine");
            assertThat(builtHere || said.path("user").asText().matches("[1-9][0-9]*:[0-9]+"))
                    .as(service.getKey())
                    .isTrue();
            said.path("ports").forEach(port -> assertThat(port.asText()).startsWith("127.0.0.1:"));
        }
    }

    /** ONNX Runtime is unpacked there. */
    @Test
    void filesCanBeExecutedWhereNativeCodeIsUnpacked() throws IOException {
        services().forEach((name, said) -> {
            if (said.path("image").asText().matches("(koine|koine-job):.*")) {
                assertThat(Yaml.texts(said.path("tmpfs"))).as(name).anyMatch(tmpfs -> tmpfs.startsWith("/tmp:exec,"));
            }
        });
    }

    @Test
    void whatIsMountedIsThere() throws IOException {
        JsonNode volumes = Deployed.compose().path("volumes");
        Set<String> used = new TreeSet<>();
        Set<String> mounted = new TreeSet<>();
        services().values().forEach(said -> said.path("volumes").forEach(each -> {
            String source =
                    each.asText().replaceAll("\\$\\{[A-Z]+:-([^}]+)}", "$1").split(":", -1)[0];
            if (source.startsWith(".")) {
                Path file = Deployed.DOCKER.resolve(source).normalize();
                mounted.add(file.toString());
                assertThat(each.asText()).endsWith(":ro");
            } else if (!source.startsWith("/")) {
                used.add(source);
            }
        }));
        assertThat(mounted).allMatch(file -> Files.exists(Path.of(file)));
        assertThat(used).isEqualTo(new TreeSet<>(Yaml.map(volumes).keySet()));
        for (Path file : Deployed.files(Deployed.DOCKER.resolve("conf"))) {
            assertThat(mounted).contains(file.toString());
        }
    }

    @Test
    void everyHostIsAServiceThatListensThere() throws IOException {
        Map<String, Set<Integer>> listening = listening();
        assertThat(listening.keySet()).isSubsetOf(services().keySet());
        Set<String> named = new TreeSet<>();
        for (Path file : Deployed.files(Deployed.DOCKER)) {
            if (!file.getFileName().toString().startsWith("Containerfile")) {
                Files.readString(file)
                        .lines()
                        .filter(line -> !line.strip().matches("(#|image:).*"))
                        .forEach(line -> HOST.matcher(line).results().forEach(found -> {
                            if (services().containsKey(found.group(1))) {
                                named.add(found.group(1) + ":" + found.group(2));
                                assertThat(listening.getOrDefault(found.group(1), Set.of()))
                                        .as(line)
                                        .contains(Integer.parseInt(found.group(2)));
                            }
                        }));
            }
        }
        assertThat(named)
                .contains(
                        "kafka:9092", "kafka:9093", "s3:9000", "zookeeper:2181", "jobmanager:8081", "prometheus:9090");
        services().forEach((name, said) -> Stream.concat(
                        Deployed.list(said.path("ports")).stream(),
                        Deployed.list(said.at("/healthcheck/test")).stream())
                .flatMap(each -> Pattern.compile("(?:tcp/127\\.0\\.0\\.1/|127\\.0\\.0\\.1:|:)([0-9]{2,5})")
                        .matcher(each.asText())
                        .results())
                .forEach(port -> assertThat(listening.getOrDefault(name, Set.of()))
                        .as(name)
                        .contains(Integer.parseInt(port.group(1)))));
    }

    @Test
    void whatShowsAndWatchesTheJobIsThere() throws IOException {
        String mount = "/etc/koine/monitoring/";
        JsonNode rules =
                Yaml.document(Deployed.DOCKER.resolve("conf/prometheus.yaml")).at("/rule_files/0");
        assertThat(rules.asText()).startsWith(mount);
        assertThat(MONITORING.resolve(rules.asText().substring(mount.length()))).isRegularFile();
        JsonNode boards = Yaml.document(Deployed.DOCKER.resolve("conf/grafana-dashboards.yaml"))
                .at("/providers/0/options/path");
        assertThat(boards.asText()).startsWith(mount);
        assertThat(Deployed.files(MONITORING.resolve(boards.asText().substring(mount.length()))))
                .isNotEmpty();
    }

    private static Map<String, Set<Integer>> listening() throws IOException {
        Path conf = Deployed.DOCKER.resolve("conf");
        Map<String, String> flink = Yaml.map(Yaml.document(conf.resolve("config.yaml")));
        Properties kafka = new Properties();
        kafka.load(new StringReader(Files.readString(conf.resolve("kafka.properties"))));
        Map<String, Set<Integer>> listening = new TreeMap<>();
        Set<Integer> brokers = listening.computeIfAbsent("kafka", name -> new TreeSet<>());
        Pattern.compile(":([0-9]+)")
                .matcher(kafka.getProperty("listeners", ""))
                .results()
                .forEach(port -> brokers.add(Integer.parseInt(port.group(1))));
        int metrics = number(flink, "metrics.reporter.prom.port");
        listening.put("jobmanager", Set.of(number(flink, "rest.port"), metrics));
        listening.put("taskmanager", Set.of(number(flink, "taskmanager.rpc.port"), metrics));
        String zookeeper = Files.readString(conf.resolve("zoo.cfg"));
        listening.put("zookeeper", Set.of(Integer.parseInt(Deployed.found("clientPort=([0-9]+)", zookeeper)), 2888));
        listening.put(
                "s3",
                Set.of(Integer.parseInt(Deployed.found(
                        "s3proxy.endpoint=http://0.0.0.0:([0-9]+)",
                        Files.readString(Deployed.DOCKER.resolve("Containerfile.s3"))))));
        listening.put("prometheus", Set.of(9090));
        listening.put("grafana", Set.of(3000));
        return listening;
    }

    private static int number(Map<String, String> flink, String key) {
        return Integer.parseInt(flink.getOrDefault(key, ""));
    }

    /** What is scraped is what Flink offers, of both kinds of process. */
    @Test
    void prometheusAsksWhereFlinkAnswers() throws IOException {
        JsonNode said =
                Yaml.document(Deployed.DOCKER.resolve("conf/prometheus.yaml")).at("/scrape_configs/0/dns_sd_configs/0");
        assertThat(Yaml.texts(said.path("names"))).containsExactly("jobmanager", "taskmanager");
        for (JobSetup setup : JobSetup.all()) {
            assertThat(setup.entries())
                    .containsEntry(
                            "metrics.reporter.prom.port", said.path("port").asText());
        }
    }

    @Test
    void noSecretIsWrittenDown() throws IOException {
        for (Path file : Deployed.files(Deployed.DOCKER)) {
            for (String line : Files.readAllLines(file)) {
                boolean isSecret = Deployed.soundsSecret(line.replaceAll("\\$\\{?[A-Z_]+[^}]*}?", "")
                        .replaceAll("^ *[A-Z_]+: *$|#.*", "")
                        .replace("s3proxy.credential=", ""));
                assertThat(isSecret).as("%s: %s", file.getFileName(), line).isFalse();
            }
        }
        JsonNode keys = Deployed.compose().at("/x-s3-keys");
        keys.forEach(value -> assertThat(value.asText()).startsWith("${").contains(":?"));
    }

    private static Map<String, JsonNode> services() {
        Map<String, JsonNode> services = new TreeMap<>();
        try {
            Deployed.compose()
                    .path("services")
                    .properties()
                    .forEach(each -> services.put(each.getKey(), each.getValue()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return services;
    }
}
