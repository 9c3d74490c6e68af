package dev.koine.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Images: that each is built here or pinned, has the versions that were tested, and holds what it is started with. */
class DeployedImagesTest {
    private static final Pattern PINNED = Pattern.compile("[a-z/-]+:v?[0-9]+\\.[0-9]+\\.[0-9]+[a-z0-9._-]*");

    @Test
    void everyImageIsBuiltHereOrPinned() throws IOException {
        Set<String> built = new TreeSet<>();
        for (String name : containerfiles().keySet()) {
            built.add((name.equals("job") || name.equals("s3") ? "koine-" + name : name) + ":"
                    + Deployed.version("project.version"));
        }
        Set<String> used = new TreeSet<>();
        for (Resources variant : Deployed.variants().values()) {
            variant.all()
                    .forEach(each -> Yaml.walk("", each, (field, node) -> {
                        if (field.equals("image")) {
                            used.add(node.asText());
                        }
                    }));
        }
        assertThat(built).containsAll(used);
        Deployed.compose()
                .path("services")
                .forEach(each -> used.add(each.path("image").asText()));
        assertThat(used).containsAll(built);
        assertThat(used)
                .allMatch(
                        image -> built.contains(image) || PINNED.matcher(image).matches());
        assertThat(used).contains("apache/kafka:" + Deployed.version("kafka.version"));
    }

    @Test
    void containerfilesHaveTheVersionsThatWereTested() throws IOException {
        String version = Deployed.version("project.version");
        Set<String> javas = new TreeSet<>();
        for (Map.Entry<String, String> each : containerfiles().entrySet()) {
            String text = each.getValue();
            assertThat(text.lines().filter(line -> line.startsWith("ARG")))
                    .allMatch(("ARG KOINE_VERSION=" + version)::equals);
            assertThat(text)
                    .contains(
                            "docker build -t ",
                            ":" + version + " -f deploy/docker/Containerfile." + each.getKey() + " ");
            text.lines()
                    .filter(line -> line.startsWith("FROM"))
                    .map(line -> line.split(" ", -1)[1])
                    .forEach(base -> {
                        assertThat(base).matches(PINNED);
                        if (base.startsWith("eclipse-temurin:")) {
                            javas.add(base);
                        }
                    });
        }
        assertThat(javas).hasSize(1).allMatch(java -> java.startsWith("eclipse-temurin:17.") && java.contains("-jre"));
        String job = containerfiles().getOrDefault("job", "");
        assertThat(job)
                .contains("FROM flink:" + Deployed.version("flink.version") + "-java17\n")
                .contains("/koine/lib/onnxruntime-" + Deployed.version("onnxruntime.version") + ".jar /opt/flink/lib/")
                .contains("/koine/plugins/s3-fs-hadoop/ /opt/flink/plugins/s3-fs-hadoop/")
                .contains("koine-job-${KOINE_VERSION}.jar");
    }

    /** Root is nobody's, and numbers can be checked before anything is started. */
    @Test
    void noneIsRunByRoot() throws IOException {
        for (String text : containerfiles().values()) {
            String last = text.lines().filter(line -> line.startsWith("USER")).reduce("", (first, second) -> second);
            assertThat(last).matches("USER [1-9][0-9]*:[1-9][0-9]*");
        }
        Map<String, String> users =
                Map.of("JobManager", user("job"), "TaskManager", user("job"), "Deployment", user("koine"));
        for (Resources variant : Deployed.variants().values()) {
            for (Pods pod : Pods.of(variant)) {
                JsonNode context = pod.spec().path("securityContext");
                assertThat(context.path("runAsUser").asText() + ":"
                                + context.path("runAsGroup").asText())
                        .isEqualTo(users.get(pod.owner()));
            }
        }
    }

    private static String user(String image) throws IOException {
        return Deployed.found("\nUSER ([1-9][0-9:]*)\n", containerfiles().getOrDefault(image, ""));
    }

    /** What pods and the compose file mount to write to is what the image says may be written to. */
    @Test
    void theVolumesAreThoseThatAreMounted() throws IOException {
        Set<String> named = new TreeSet<>();
        Yaml.documents(Deployed.found("\nVOLUME (.*)\n", containerfiles().getOrDefault("job", "")))
                .get(0)
                .forEach(each -> named.add(each.asText()));
        for (Resources variant : Deployed.variants().values()) {
            Set<String> written = new TreeSet<>();
            Pods.of(variant).get(0).main().path("volumeMounts").forEach(mount -> {
                if (!mount.path("readOnly").asBoolean()
                        && !mount.path("mountPath").asText().equals("/koine")) {
                    written.add(mount.path("mountPath").asText());
                }
            });
            written.add("/state");
            assertThat(named).isEqualTo(written);
        }
    }

    @Test
    void theJobIsWhereItIsStartedFrom() throws Exception {
        Class<?> job = Class.forName("dev.koine.flink.MergeJob");
        assertThat(Modifier.isStatic(job.getMethod("main", String[].class).getModifiers()))
                .isTrue();
        String jar =
                Deployed.found("COPY koine-job-\\S+ (\\S+)", containerfiles().getOrDefault("job", ""));
        for (Resources variant : Deployed.variants().values()) {
            JsonNode spec = variant.one("FlinkDeployment").path("spec");
            assertThat(spec.at("/job/jarURI").asText()).isEqualTo("local://" + jar);
            assertThat(spec.at("/job/entryClass").asText()).isEqualTo(job.getName());
            assertThat(spec.at("/job/upgradeMode").asText()).isEqualTo("savepoint");
            assertThat(spec.path("flinkVersion").asText().replace('_', '.'))
                    .isEqualTo("v" + Deployed.version("flink.version").replaceAll("\\.[0-9]+$", ""));
        }
        assertThat(Yaml.texts(Deployed.compose().at("/services/jobmanager/command")))
                .startsWith("standalone-job", "--job-classname", job.getName());
    }

    private static Map<String, String> containerfiles() throws IOException {
        Map<String, String> files = new TreeMap<>();
        for (Path file : Deployed.files(Deployed.DOCKER)) {
            String name = file.getFileName().toString();
            if (name.startsWith("Containerfile.")) {
                files.put(name.substring("Containerfile.".length()), Files.readString(file));
            }
        }
        return files;
    }
}
