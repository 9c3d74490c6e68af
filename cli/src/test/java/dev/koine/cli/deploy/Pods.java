package dev.koine.cli.deploy;

import com.fasterxml.jackson.databind.JsonNode;
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
    static List<Pods> of(Resources resources) {
        List<Pods> pods = new ArrayList<>();
        resources
                .of("FlinkDeployment")
                .forEach(each -> pods.add(new Pods("FlinkDeployment", each.at("/spec/podTemplate/spec"))));
        resources.of("Deployment").forEach(each -> pods.add(new Pods("Deployment", each.at("/spec/template/spec"))));
        return pods;
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
