package dev.koine.engine.merge;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.Progress;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.method.Dare;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.method.LowRankOnly;
import dev.koine.engine.merge.method.Magnitude;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.method.Ties;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes what {@link PatchContractTest} reads: the bases, the artifacts by their digest, and in {@code lines.json} for each base and recipe
 * what the updates of a few versions say.
 */
final class PatchContractWriter {
    static final String PLACE = "file:///koine/";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final ArrayNode lines = JSON.createArrayNode();

    private PatchContractWriter(Path folder) {
        this.folder = folder;
    }

    @FunctionalInterface
    private interface Model {
        /** Writes the base for 0, and a fine-tune of it for another number. */
        Path write(Path folder, long tuning) throws Exception;
    }

    static void write(Path folder) throws Exception {
        Protos.delete(Files.exists(folder) ? folder : null);
        Files.createDirectories(folder.resolve("artifacts"));
        PatchContractWriter writer = new PatchContractWriter(folder);
        ElementType[] types = {ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16};
        Model speech = (target, tuning) -> {
            TestModel base = TestModel.random(new Random(4), 7, 11, 1, types);
            return (tuning == 0 ? base : base.tuned(new Random(tuning))).write(target);
        };
        Model normalized = (target, tuning) -> {
            NormalizedModel base = NormalizedModel.random(new Random(3), ElementType.BFLOAT16);
            return (tuning == 0 ? base : base.tuned(new Random(tuning), 0.02)).write(target);
        };
        Recipe some = Recipe.PUBLISHED.with(Scale.parse("norm")).with(parameters -> parameters.withRank(4));
        writer.line("speech", speech, some.with(new Compact()).with(Precision.FLOAT16));
        writer.line("speech", speech, some.with(new Lors()).with(Precision.INT8));
        writer.line("speech", speech, some.with(new Lors()).with(Precision.FLOAT32));
        writer.line("speech", speech, some.with(new LowRankOnly()).with(Precision.INT4));
        writer.line(
                "speech",
                speech,
                some.with(new Compact()).with(Precision.INT8).with(rules("**up**", Policy.LOW_RANK_BANDS)));
        writer.line("speech", speech, some.with(new Magnitude()).with(Precision.FLOAT32));
        writer.line("speech", speech, some.with(new TaskArithmetic()).with(Precision.FLOAT16));
        writer.line("speech", speech, some.with(new Dare()).with(Precision.INT8));
        writer.line("speech", speech, some.with(new Ties()).with(Precision.FLOAT32));
        writer.line("speech", speech, some.with(new Ties()).with(parameters -> parameters.withSlack(0.4)));
        writer.line("normalized", normalized, some.with(new TaskArithmetic()).with(Scale.fixed(0.9)));
        writer.line("nested", PatchModels::nested, some.with(new Lors()).with(Scale.fixed(0.9)));
        writer.line("large", PatchModels::large, some.with(new Compact()).with(Precision.FLOAT16));
        writer.line("varints", PatchModels::varints, some.with(new Lors()));
        Recipe weighed = some.with(new RegMean()).with(Scale.fixed(0.4));
        writer.line("speech", speech, weighed.with(Precision.FLOAT16));
        writer.line("layers", PatchModels::layers, weighed.with(Precision.FLOAT16));
        writer.line("layers", PatchModels::layers, weighed.with(Precision.INT8).with(rules("**", Policy.LORS)));
        writer.line(
                "layers", PatchModels::layers, weighed.with(Precision.FLOAT32).with(rules("**", Policy.DENSE)));
        writer.line("large", PatchModels::large, weighed.with(Precision.INT4));
        writer.line("speech", speech, some.with(new Lors()).with(Scale.parse("model-stock")));
        JSON.writerWithDefaultPrettyPrinter()
                .writeValue(folder.resolve("lines.json").toFile(), writer.lines);
    }

    private static List<PolicyRule> rules(String pattern, Policy policy) {
        return List.of(new PolicyRule(pattern, policy));
    }

    private void line(String name, Model model, Recipe recipe) throws Exception {
        Path base = folder.resolve("bases").resolve(name);
        if (!Files.exists(base)) {
            model.write(base, 0);
        }
        try (MergeLab lab = new MergeLab(base, recipe, 1)) {
            List<Member> experts = new ArrayList<>();
            for (long tuning = 1; tuning <= 2; tuning++) {
                experts.add(lab.prune(model.write(Files.createTempDirectory(lab.directory, "expert"), tuning), 1));
            }
            Member one = experts.get(0);
            Member two = experts.get(1);
            List<List<Member>> versions = new ArrayList<>(List.of(List.of(one), List.of(one, two)));
            versions.add(List.of(two, combined(lab, one, two)));
            versions.add(List.of(new Member(one.taskVector(), -0.5), two));
            if (recipe.method().isWeighed()) {
                versions.add(List.of(two, one, lab.protect(7, 2), two));
            }
            ObjectNode line = lines.addObject()
                    .put("name", name + " " + recipe.method().name() + " " + recipe.precision() + " " + recipe.scale());
            line.put("folder", name);
            ArrayNode updates = line.putArray("updates");
            for (int i = 0; i < versions.size(); i++) {
                updates.add(update(lab, i + 1, versions.get(i)));
            }
        }
    }

    private static Member combined(MergeLab lab, Member one, Member two) throws Exception {
        TaskVector combination = TaskVector.combined(List.of(
                new TaskVector.Term(TaskVector.get(lab.store, one.taskVector()), 0.7),
                new TaskVector.Term(TaskVector.get(lab.store, two.taskVector()), 0.3)));
        String statistics = lab.recipe.method().isWeighed()
                ? RandomStatistics.put(lab.store, lab.base, lab.baseDigest, new Random(8))
                : null;
        return new Member(combination.weighedBy(statistics).put(lab.store), 0.8);
    }

    private ObjectNode update(MergeLab lab, int version, List<Member> members) throws Exception {
        ObjectNode update = JSON.createObjectNode().put("version", version);
        try (RunningModel model =
                RunningModel.restore(lab.base, lab.recipe, lab.store, lab.directory, lab.pool, members)) {
            Scales scales = model.scales();
            Path written = Files.createTempDirectory(lab.directory, "version");
            model.write(written, scales, Progress.NONE);
            Bundle bundle = Bundle.describe(written);
            update.put("digest", bundle.digest());
            update.set("bundle", json(PLACE + "versions/" + bundle.digest().substring(7) + "/", bundle));
            update.set(
                    "base", json(PLACE + "bases/" + lab.basePlace.getFileName() + "/", Bundle.describe(lab.basePlace)));
            update.put("scale", scales.overall());
            update.put("scalesDigest", scales.isUniform() ? null : scales.put(lab.store));
        }
        update.putObject("recipe")
                .put("method", lab.recipe.method().name())
                .put("slack", lab.recipe.parameters().slack());
        ArrayNode experts = update.putArray("experts");
        for (Member member : members) {
            Patch stored = Patch.of(member.taskVector(), lab.store).orElseThrow();
            Patch patch = new Patch(
                    new Bundle(
                            URI.create(PLACE + "artifacts/"), stored.artifacts().files()),
                    stored.statistics() == null ? null : statistics(lab, stored.statistics()));
            Bundle list = patch.put(lab.store);
            keep(lab, patch.artifacts());
            keep(lab, list);
            ObjectNode expert = experts.addObject().put("weight", member.factor());
            expert.put("taskVectorDigest", member.taskVector());
            ObjectNode said = expert.putObject("patch").put("bytes", patch.bytes());
            said.set("list", json(PLACE + "artifacts/", list));
        }
        return update;
    }

    private Bundle statistics(MergeLab lab, Bundle stored) throws IOException {
        String name = stored.digest().substring(Sha256.PREFIX.length());
        Path kept = Files.createDirectories(folder.resolve("statistics").resolve(name));
        for (BundleFile file : stored.files()) {
            Files.copy(
                    lab.store.bundle(stored.digest()).resolve(file.path()),
                    kept.resolve(file.path()),
                    StandardCopyOption.REPLACE_EXISTING);
        }
        return new Bundle(URI.create(PLACE + "statistics/" + name + "/"), stored.files());
    }

    private void keep(MergeLab lab, Bundle artifacts) throws IOException {
        for (BundleFile file : artifacts.files()) {
            Files.copy(
                    lab.store.get(Sha256.PREFIX + file.sha256()),
                    folder.resolve("artifacts").resolve(file.path()),
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static ObjectNode json(String uri, Bundle bundle) {
        ObjectNode node = JSON.createObjectNode().put("uri", uri);
        node.set("files", JSON.valueToTree(bundle.files()));
        return node;
    }
}
