package dev.koine.cli.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.flink.config.MergeJobArguments;
import dev.koine.flink.config.MergeJobConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;

/**
 * How the merge job is started in one of the ways.
 *
 * @param where for messages
 * @param entries of Flink's configuration
 * @param arguments of the job, by name
 */
record JobSetup(String where, Map<String, String> entries, Map<String, String> arguments) {
    /** In each variant for Kubernetes, and by the compose file. */
    static List<JobSetup> all() throws IOException {
        List<JobSetup> all = new ArrayList<>();
        for (Map.Entry<String, Resources> variant : Deployed.variants().entrySet()) {
            all.add(of(variant.getKey(), variant.getValue().one("FlinkDeployment")));
        }
        List<String> command = Yaml.texts(Deployed.compose().at("/services/jobmanager/command"));
        all.add(new JobSetup(
                "compose",
                Yaml.map(Yaml.document(Deployed.DOCKER.resolve("conf/config.yaml"))),
                Deployed.arguments(command.subList(3, command.size()))));
        return all;
    }

    static JobSetup of(String where, ObjectNode deployment) {
        JsonNode spec = deployment.path("spec");
        return new JobSetup(
                where, Yaml.map(spec.path("flinkConfiguration")), Deployed.arguments(Yaml.texts(spec.at("/job/args"))));
    }

    @Override
    public String toString() {
        return where;
    }

    Configuration configuration() {
        return Configuration.fromMap(entries);
    }

    /** What the job makes of it, with files of ours in place of those of the containers. */
    MergeJobConfig config(Path temporary) throws IOException {
        Map<String, String> here = new TreeMap<>(entries);
        here.computeIfPresent("koine.kafka.config", (name, path) -> Deployed.KUBERNETES
                .resolve("base/kafka.properties")
                .toString());
        if (here.containsKey("koine.trusted.keys")) {
            here.put(
                    "koine.trusted.keys",
                    Files.writeString(temporary.resolve("trusted-keys"), "").toString());
        }
        return MergeJobArguments.parse(arguments, here);
    }

    /** An option of the job, wherever it is said. */
    String option(String name) {
        String value = arguments.getOrDefault(name, entries.getOrDefault("koine." + name, ""));
        if (value.isEmpty()) {
            throw new AssertionError(where + " does not say " + name);
        }
        return value;
    }
}
