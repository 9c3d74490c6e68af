package dev.koine.cli.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A pod that is made of a template of ours.
 *
 * @param owner whose template it is
 * @param spec of the pod
 */
record Pods(String owner, JsonNode spec) {
    private static final String BY_NAME = "kubernetes.operator.pod-template.merge-arrays-by-name";

    /** JobManager, TaskManager, and then the pipeline's. */
    static List<Pods> of(Resources resources) {
        JsonNode flink = resources.one("FlinkDeployment").path("spec");
        List<Pods> pods = new ArrayList<>();
        pods.add(new Pods("JobManager", merged(flink, "jobManager")));
        pods.add(new Pods("TaskManager", merged(flink, "taskManager")));
        resources.of("Deployment").forEach(each -> pods.add(new Pods("Deployment", each.at("/spec/template/spec"))));
        return pods;
    }

    /** As the operator merges what both have with what one has, which is volumes. */
    private static JsonNode merged(JsonNode flink, String component) {
        JsonNode own = flink.path(component).at("/podTemplate/spec");
        boolean addsVolumes = own.size() == 1 && own.has("volumes");
        if (!addsVolumes || !flink.path("flinkConfiguration").path(BY_NAME).asBoolean()) {
            throw new AssertionError("What " + component + " has of its own is merged otherwise: " + own);
        }
        ObjectNode both = flink.at("/podTemplate/spec").deepCopy();
        own.path("volumes").forEach(both.withArray("volumes")::add);
        return both;
    }

    /** Those that only start it among them. */
    List<JsonNode> containers() {
        return Stream.of("initContainers", "containers")
                .flatMap(each -> Deployed.list(spec.path(each)).stream())
                .toList();
    }

    JsonNode main() {
        return spec.path("containers").path(0);
    }

    /** The mount of the main container that a path lies under. */
    JsonNode mount(String path) {
        return Deployed.list(main().path("volumeMounts")).stream()
                .filter(each -> (path + "/").startsWith(each.path("mountPath").asText() + "/"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("Nothing is mounted in " + owner + " at " + path));
    }

    JsonNode volume(String name) {
        return Deployed.list(spec.path("volumes")).stream()
                .filter(each -> each.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no volume " + name + " in " + owner));
    }
}
