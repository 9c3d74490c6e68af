package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.koine.beam.merge.MergeExpert;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaTransformsTest {
    private static final Path EXAMPLES = Path.of("examples");
    private static final String PREFIX = "beam:schematransform:dev.koine:";

    @TempDir
    Path directory;

    @Test
    void theExampleMergesToTheDigestOfTheOfflineMerge() throws Exception {
        Path models = Files.createDirectory(directory.resolve("models"));
        for (String name : List.of("base", "ca", "de")) {
            copy(Fixtures.ctc(name), models.resolve(name));
        }
        YamlPipeline example = new YamlPipeline(
                EXAMPLES.resolve("merge.yaml"),
                Map.of(
                        "models",
                        models.toString(),
                        "store",
                        directory.resolve("store").toString()));
        List<Row> merged = example.run(Pipelines.of(2)).get("WriteToJson");
        assertThat(merged).hasSize(1);
        assertThat(merged.get(0).getString("digest"))
                .isEqualTo(OfflineDigest.of(
                        directory,
                        Fixtures.ctc("base"),
                        List.of(
                                new MergeExpert("ca", Fixtures.ctc("ca").toString(), 1),
                                new MergeExpert("de", Fixtures.ctc("de").toString(), 0.5)),
                        Recipe.standard(new Lors())));
        assertThat(merged.get(0).getInt64("experts")).isEqualTo(2);
        assertThat(merged.get(0).<Object>getValue("update_share")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge", "submit", "updates", "transcribe"})
    void eachIsFoundAndSaysWhatItTakes(String name) {
        SchemaTransformProvider provider = YamlPipeline.provider(PREFIX + name + ":v1");
        assertThat(provider.description()).isNotBlank();
        assertThat(provider.configurationSchema().getFields()).isNotEmpty().allSatisfy(field -> {
            assertThat(field.getName()).matches("[a-z_]+");
            assertThat(field.getDescription()).as(field.getName()).endsWith(".");
        });
    }

    @Test
    void aRecipeThatMakesNoSenseIsRefusedWhenThePipelineIsBuilt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> from("merge", Map.of("base", "/b", "store", "/s", "method", "LORE")))
                .withMessageContaining("The recipe's method is 'LORE'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> from("merge", Map.of("base", "/b", "store", "/s", "policies", List.of("x"))))
                .withMessageContaining("write GLOB=POLICY");
    }

    @Test
    void whatIsMissingIsNamedWhenThePipelineIsBuilt() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> from("updates", Map.of("bootstrap_servers", "b:1", "latest", true)))
                .withMessageContaining("Set until_now as well");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> from("transcribe", Map.of("bootstrap_servers", "b:1", "model", "m", "device", "TPU")))
                .withMessageContaining("The device is 'TPU'");
        Schema schema = Schema.builder().addStringField("name").build();
        PCollectionRowTuple rows = PCollectionRowTuple.of(
                "input",
                Pipelines.of(1)
                        .apply(Create.of(Row.withSchema(schema).addValue("x").build())
                                .withRowSchema(schema)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> rows.apply(from("merge", Map.of("base", "/b", "store", "/s"))))
                .withMessageContaining("The rows that come into KoineMerge have the fields [name] and no 'expert'");
    }

    private static org.apache.beam.sdk.schemas.transforms.SchemaTransform from(
            String name, Map<String, Object> config) {
        SchemaTransformProvider provider = YamlPipeline.provider(PREFIX + name + ":v1");
        return provider.from(YamlPipeline.row(new HashMap<>(config), provider.configurationSchema()));
    }

    private static void copy(Path from, Path to) throws Exception {
        Files.createDirectory(to);
        try (var files = Files.list(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }
}
