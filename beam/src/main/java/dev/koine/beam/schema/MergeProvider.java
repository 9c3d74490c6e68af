package dev.koine.beam.schema;

import dev.koine.beam.KoineMerge;
import dev.koine.beam.merge.MergeExpert;
import dev.koine.beam.merge.RecipeText;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.recipe.Recipe;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.schemas.JavaFieldSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaCaseFormat;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.sdk.schemas.transforms.Convert;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.TypedSchemaTransformProvider;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.CaseFormat;
import org.jspecify.annotations.Nullable;

/** {@link KoineMerge} by name. */
public final class MergeProvider extends TypedSchemaTransformProvider<MergeProvider.Config> {

    /** What it is told. */
    @DefaultSchema(JavaFieldSchema.class)
    @SchemaCaseFormat(CaseFormat.LOWER_UNDERSCORE)
    public static class Config {
        @SchemaFieldDescription("Folder with the base, under a path that every worker has it under.")
        public String base = "";

        @SchemaFieldDescription(
                "Folder that the merged model goes to, in bundles/<digest>; made if it is not there. Not the merge job's store.")
        public String store = "";

        @SchemaFieldDescription(
                "Merge method: COMPACT (default), LORS, LOW_RANK, MAGNITUDE, TASK_ARITHMETIC, DARE or TIES.")
        public @Nullable String method;

        @SchemaFieldDescription("Rank of the low-rank part (default: 32 of COMPACT, else 7).")
        public @Nullable Integer rank;

        @SchemaFieldDescription("Fraction of the entries that are kept (default: 0.2).")
        public @Nullable Double density;

        @SchemaFieldDescription(
                "Factor of the sum: a number, 1/n, norm, model-stock, or such as norm:0.4 (default: norm:0.2, for TIES norm).")
        public @Nullable String scale;

        @SchemaFieldDescription("Of what a method draws (default: 0).")
        public @Nullable Long seed;

        @SchemaFieldDescription("How far a sign may lose its election and still count, 0 to 1 (default: 0).")
        public @Nullable Double slack;

        @SchemaFieldDescription(
                "Element type of task vectors: FLOAT32, FLOAT16, INT8 or INT4 (default: INT8 of COMPACT and REGMEAN, else FLOAT32).")
        public @Nullable String precision;

        @SchemaFieldDescription("Policies of weights by position, such as */embed*=FROZEN; the first match decides.")
        public @Nullable List<String> policies;

        @SchemaFieldDescription("How many workers add up one slice before one has all of it (default: 1).")
        public @Nullable Integer fanout;

        private RecipeText recipe() {
            Recipe standard = method == null ? Recipe.DEFAULT : standard(method);
            return new RecipeText(
                    standard.method().name(),
                    Objects.requireNonNullElse(rank, standard.parameters().rank()),
                    Objects.requireNonNullElse(density, standard.parameters().density()),
                    Objects.requireNonNullElse(seed, standard.parameters().seed()),
                    Objects.requireNonNullElse(slack, standard.parameters().slack()),
                    Objects.requireNonNullElse(scale, standard.scale().toString()),
                    Objects.requireNonNullElse(precision, standard.precision().name()),
                    policies == null ? List.of() : policies);
        }

        private static Recipe standard(String method) {
            try {
                return Recipe.standard(MergeMethods.of(method));
            } catch (RejectedException e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
        }
    }

    @Override
    public String identifier() {
        return "beam:schematransform:dev.koine:merge:v1";
    }

    @Override
    public String description() {
        return "Merges fine-tuned speech models (rows: expert, place, weight) into their base. Output: digest, place, experts,"
                + " scale, update_share, raised_variances of the merged model.";
    }

    @Override
    public List<String> inputCollectionNames() {
        return List.of(RowTransform.INPUT);
    }

    @Override
    public List<String> outputCollectionNames() {
        return List.of(RowTransform.OUTPUT);
    }

    @Override
    protected SchemaTransform from(Config config) {
        RecipeText recipe = config.recipe();
        try {
            recipe.recipe();
        } catch (RejectedException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        int fanout = Objects.requireNonNullElse(config.fanout, 1);
        KoineMerge merge =
                KoineMerge.of(config.base, config.store).withRecipe(recipe).withHotKeyFanout(fanout);
        return new RowTransform(input -> {
            PCollection<Row> rows = input.get(RowTransform.INPUT);
            Rows.require("KoineMerge", rows, "expert", "place");
            PCollection<Row> merged = rows.apply(
                            "Experts",
                            MapElements.into(TypeDescriptor.of(MergeExpert.class))
                                    .via(MergeProvider::expert))
                    .apply("Merge", merge)
                    .apply("Rows", Convert.toRows());
            return PCollectionRowTuple.of(RowTransform.OUTPUT, merged);
        });
    }

    private static MergeExpert expert(Row row) {
        return new MergeExpert(Rows.text(row, "expert"), Rows.text(row, "place"), Rows.real(row, "weight", 1));
    }
}
