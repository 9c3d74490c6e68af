package dev.koine.cli.deploy;

import static dev.koine.cli.deploy.Resources.kind;
import static dev.koine.cli.deploy.Resources.name;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * As much of {@code kubectl kustomize} as {@code deploy/kubernetes} uses, and stricter: a patch without a target, a place in it that is not there
 * and a field that this does not know are errors. Names of ConfigMaps get no hash.
 */
final class Kustomization {
    private static final Set<String> KNOWN = Set.of(
            "apiVersion",
            "kind",
            "namespace",
            "resources",
            "components",
            "configMapGenerator",
            "configurations",
            "images",
            "patches");

    private final Path folder;
    private final JsonNode said;

    private Kustomization(Path folder) throws IOException {
        this.folder = folder;
        this.said = Yaml.document(folder.resolve("kustomization.yaml"));
        said.fieldNames().forEachRemaining(field -> require(KNOWN.contains(field), field + " is not known"));
    }

    /** What the folder comes to, with other components than its own besides. */
    static Resources build(Path folder, Path... components) throws IOException {
        Resources built = Resources.none();
        new Kustomization(folder).addTo(built);
        for (Path component : components) {
            new Kustomization(component).addTo(built);
        }
        return built;
    }

    private void addTo(Resources built) throws IOException {
        for (String each : Yaml.texts(said.path("resources"))) {
            Path path = folder.resolve(each);
            if (Files.isDirectory(path)) {
                new Kustomization(path).addTo(built);
            } else {
                for (JsonNode resource : Yaml.documents(path)) {
                    add(built, (ObjectNode) resource);
                }
            }
        }
        for (JsonNode generated : said.path("configMapGenerator")) {
            add(built, configMap(generated));
        }
        for (String each : Yaml.texts(said.path("components"))) {
            new Kustomization(folder.resolve(each)).addTo(built);
        }
        for (String each : Yaml.texts(said.path("configurations"))) {
            Yaml.document(folder.resolve(each));
        }
        for (JsonNode patch : said.path("patches")) {
            patch(built, patch);
        }
        built.all().forEach(each -> Yaml.walk("", each, (name, node) -> tag(node)));
    }

    private void add(Resources built, ObjectNode resource) {
        boolean isNew =
                built.of(kind(resource)).stream().noneMatch(each -> name(each).equals(name(resource)));
        require(isNew, kind(resource) + " " + name(resource) + " is there twice");
        built.all().add(resource);
    }

    private ObjectNode configMap(JsonNode generated) throws IOException {
        ObjectNode map = Yaml.JSON.createObjectNode().put("kind", "ConfigMap");
        map.putObject("metadata").put("name", generated.path("name").asText());
        ObjectNode data = map.putObject("data");
        for (String file : Yaml.texts(generated.path("files"))) {
            data.put(file, Files.readString(folder.resolve(file)));
        }
        return map;
    }

    private void tag(JsonNode node) {
        Map<String, String> tags = new TreeMap<>();
        said.path("images")
                .forEach(image -> tags.put(
                        image.path("name").asText(), image.path("newTag").asText()));
        String image = node.path("image").asText();
        if (tags.containsKey(image)) {
            ((ObjectNode) node).put("image", image + ":" + tags.get(image));
        }
    }

    private void patch(Resources built, JsonNode said) throws IOException {
        List<JsonNode> patches = said.has("path")
                ? Yaml.documents(folder.resolve(said.path("path").asText()))
                : Yaml.documents(said.path("patch").asText());
        for (JsonNode patch : patches) {
            List<ObjectNode> targets = targets(built, said.has("target") ? said.path("target") : patch);
            require(!targets.isEmpty(), "a patch has no target: " + said);
            for (ObjectNode target : targets) {
                if (patch.isArray()) {
                    patch.forEach(operation -> apply(target, operation));
                } else {
                    require(
                            kind(patch).equals(kind(target)) && name(patch).equals(name(target)),
                            "a patch is of something else than its target: " + said);
                    merge(target, patch);
                }
            }
        }
    }

    private static List<ObjectNode> targets(Resources built, JsonNode selector) {
        String name = selector.has("metadata")
                ? name(selector)
                : selector.path("name").asText();
        List<ObjectNode> targets = new ArrayList<>(built.of(kind(selector)));
        targets.removeIf(each -> !name.isEmpty() && !name(each).equals(name));
        return targets;
    }

    /** RFC 7386, as Kustomize merges what is none of Kubernetes' own kinds. */
    private static void merge(ObjectNode target, JsonNode patch) {
        patch.properties().forEach(each -> {
            JsonNode there = target.path(each.getKey());
            if (each.getValue().isObject() && there.isObject()) {
                merge((ObjectNode) there, each.getValue());
            } else {
                target.set(each.getKey(), each.getValue().deepCopy());
            }
        });
    }

    /** RFC 6902, of which adding and replacing. */
    private void apply(ObjectNode target, JsonNode operation) {
        JsonPointer place = JsonPointer.compile(operation.path("path").asText());
        JsonNode parent = target.at(place.head());
        String last = place.last().getMatchingProperty();
        JsonNode value = operation.path("value").deepCopy();
        boolean adds = operation.path("op").asText().equals("add");
        require(adds || operation.path("op").asText().equals("replace"), operation + " is of no known kind");
        require(adds || !target.at(place).isMissingNode(), operation + " replaces what is not there");
        require(parent.isContainerNode(), operation + " has no place in " + name(target));
        if (parent instanceof ArrayNode list) {
            if (adds) {
                list.insert(last.equals("-") ? list.size() : Integer.parseInt(last), value);
            } else {
                list.set(Integer.parseInt(last), value);
            }
        } else {
            ((ObjectNode) parent).set(last, value);
        }
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(folder + ": " + otherwise);
        }
    }
}
