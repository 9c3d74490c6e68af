package dev.koine.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every file takes part, and what an overlay refers to is there. */
class KustomizationTest {
    @TempDir
    Path folder;

    @Test
    void noFileIsLeftOut() throws IOException {
        Set<Path> used = new TreeSet<>(Set.of(
                Deployed.KUBERNETES.resolve("savepoint.yaml"),
                Deployed.KUBERNETES.resolve("operator-1.15.yaml"),
                Deployed.KUBERNETES.resolve("validate")));
        for (Path file : Deployed.files(Deployed.KUBERNETES)) {
            if (file.endsWith("kustomization.yaml")) {
                used.add(file);
                Yaml.walk(
                        "",
                        Yaml.document(file),
                        (field, node) ->
                                used.add(file.resolveSibling(node.asText()).normalize()));
            }
        }
        assertThat(used).containsAll(Deployed.files(Deployed.KUBERNETES));
    }

    @Test
    void aSavepointIsOfTheJob() throws IOException {
        JsonNode savepoint = Yaml.document(Deployed.KUBERNETES.resolve("savepoint.yaml"));
        Resources resources = Kustomization.build(Deployed.overlay(Deployed.SINGLE_NODE));
        assertThat(resources.names("FlinkDeployment"))
                .containsExactly(savepoint.at("/spec/jobReference/name").asText());
        assertThat(resources.names("Namespace"))
                .containsExactly(savepoint.at("/metadata/namespace").asText());
    }

    @Test
    void sizesAreThoseOfTheComponents() throws IOException {
        assertThat(Yaml.document(Deployed.overlay(Deployed.S3).resolve("kustomization.yaml"))
                        .path("components")
                        .get(0)
                        .asText())
                .endsWith("/large");
        for (Resources variant : Deployed.variants().values()) {
            assertThat(variant.names("Namespace")).containsExactly("koine");
            assertThat(variant.one("FlinkDeployment")
                            .at("/spec/taskManager/resource")
                            .path("memory")
                            .asText())
                    .isNotEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{target: {kind: Thing, name: other}, patch: '[{op: add, path: /a/-, value: 1}]'}",
                "{target: {kind: Thing, name: one}, patch: '[{op: replace, path: /b, value: 1}]'}",
                "{target: {kind: Thing, name: one}, patch: '[{op: add, path: /b/c, value: 1}]'}",
                "{target: {kind: Thing, name: one}, patch: '[{op: remove, path: /a}]'}",
                "{patch: '{kind: Thing, metadata: {name: other}}'}"
            })
    void aPatchOfWhatIsNotThereIsAnError(String patch) throws IOException {
        Files.writeString(folder.resolve("thing.yaml"), "{kind: Thing, metadata: {name: one}, a: [0]}");
        Files.writeString(folder.resolve("kustomization.yaml"), "{resources: [thing.yaml], patches: [" + patch + "]}");
        assertThatThrownBy(() -> Kustomization.build(folder)).isInstanceOf(AssertionError.class);
    }

    @Test
    void patchesAreApplied() throws IOException {
        Files.writeString(
                folder.resolve("thing.yaml"), "{kind: Thing, metadata: {name: one}, a: [0], b: {c: 1, d: [2]}}");
        Files.writeString(folder.resolve("kustomization.yaml"), """
                resources: [thing.yaml]
                patches:
                  - {target: {kind: Thing}, patch: '[{op: add, path: /a/-, value: 3}]'}
                  - {patch: '{kind: Thing, metadata: {name: one}, b: {d: [4], e: 5}}'}
                """);
        assertThat(Kustomization.build(folder).one("Thing"))
                .isEqualTo(Yaml.documents("{kind: Thing, metadata: {name: one}, a: [0, 3], b: {c: 1, d: [4], e: 5}}")
                        .get(0));
    }
}
