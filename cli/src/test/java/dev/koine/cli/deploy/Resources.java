package dev.koine.cli.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What is applied to a cluster. */
record Resources(List<ObjectNode> all) {
    static Resources none() {
        return new Resources(new ArrayList<>());
    }

    static String kind(JsonNode resource) {
        return resource.path("kind").asText();
    }

    static String name(JsonNode resource) {
        return resource.at("/metadata/name").asText();
    }

    List<ObjectNode> of(String kind) {
        return all.stream().filter(each -> kind(each).equals(kind)).toList();
    }

    ObjectNode one(String kind) {
        List<ObjectNode> found = of(kind);
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " resources of kind " + kind);
        }
        return found.get(0);
    }

    ObjectNode one(String kind, String name) {
        return of(kind).stream()
                .filter(each -> name(each).equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("There is no " + kind + " named " + name));
    }

    Set<String> names(String kind) {
        return of(kind).stream().map(Resources::name).collect(Collectors.toSet());
    }
}
