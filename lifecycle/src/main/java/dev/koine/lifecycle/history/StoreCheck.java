package dev.koine.lifecycle.history;

import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.checkpoint.WeightMap;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.DamagedException;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.GateReports;
import dev.koine.events.MergedExperts;
import dev.koine.events.Recipes;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks a whole store over: whether everything has the digest that it is kept under, whether everything is there that a version refers
 * to, and whether every version comes out with its digest when it is made again from its base, its task vectors and its recipe.
 */
public final class StoreCheck {
    private final ArtifactStore store;
    private final Path work;
    private final WorkPool pool;
    private final Progress progress;
    private final Consumer<String> problems;
    private int found;

    /**
     * @param work a directory for models that are made again, one at a time
     * @param problems is told each problem in a sentence
     */
    public StoreCheck(ArtifactStore store, Path work, WorkPool pool, Progress progress, Consumer<String> problems) {
        this.store = store;
        this.work = work;
        this.pool = pool;
        this.progress = progress;
        this.problems = problems;
    }

    /**
     * What was looked at.
     *
     * @param orphans files and models that no version refers to: of running merges, of refused ones, or what {@code koine gc} would take
     */
    public record Checked(int artifacts, int versions, int orphans, int problems) {}

    /**
     * Checks everything.
     *
     * @param fromExperts whether versions are also made from the copies of their experts, where these are all kept, pruning them again;
     *     for versions that were decomposed on another device the digest may rightly differ
     */
    public Checked run(boolean fromExperts) throws IOException {
        Set<String> good = contents();
        List<ModelUpdate> versions = new ArrayList<>();
        Map<String, ModelUpdate> bases = new TreeMap<>();
        for (VersionRecords.Recorded recorded : new VersionRecords(store.records()).all()) {
            versions.add(recorded.update());
            if (recorded.update().getVersion() == 0) {
                bases.put(recorded.update().getModelId(), recorded.update());
            }
        }
        Set<String> referred = new HashSet<>();
        Set<String> made = new HashSet<>();
        int done = 0;
        for (ModelUpdate version : versions) {
            boolean isWhole = refersToWhatIsThere(version, good, referred);
            if (isWhole && made.add(version.getDigest())) {
                madeAgain(version, bases.get(version.getModelId()), fromExperts);
            }
            progress.report("making versions again", ++done, versions.size());
        }
        int orphans =
                (int) good.stream().filter(digest -> !referred.contains(digest)).count();
        return new Checked(good.size(), versions.size(), orphans, found);
    }

    private Set<String> contents() throws IOException {
        Set<String> good = new HashSet<>();
        List<StoredArtifact> all = store.list();
        for (int i = 0; i < all.size(); i++) {
            StoredArtifact artifact = all.get(i);
            String digest = digest(artifact);
            if (digest.equals(artifact.digest())) {
                good.add(digest);
            } else {
                problem((artifact.kind() == StoredArtifact.Kind.FILE ? "File " : "Model ") + artifact.digest()
                        + " has other contents than its digest says (" + digest + ").");
            }
            progress.report("hashing", i + 1, all.size());
        }
        return good;
    }

    private String digest(StoredArtifact artifact) throws IOException {
        try {
            if (artifact.kind() == StoredArtifact.Kind.FILE) {
                return Sha256.PREFIX + Sha256.of(store.get(artifact.digest()));
            }
            return Bundle.describe(store.bundle(artifact.digest())).digest();
        } catch (RejectedException | DamagedException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private boolean refersToWhatIsThere(ModelUpdate version, Set<String> good, Set<String> referred)
            throws IOException {
        int before = found;
        require(version, "its model", version.getDigest(), good, referred);
        if (version.getScalesDigest() != null) {
            require(version, "its scales", version.getScalesDigest(), good, referred);
        }
        if (version.getCheckpointDigest() != null) {
            require(version, "its base's checkpoint", version.getCheckpointDigest(), good, referred);
        }
        if (version.getWeightMapDigest() != null) {
            require(version, "the map of its base's checkpoint", version.getWeightMapDigest(), good, referred);
        }
        if (version.getGate() != null) {
            for (String set : version.getGate().getEvaluationSets()) {
                require(version, "an evaluation set", set, good, referred);
            }
            yardsticks(version.getGate())
                    .forEach((digest, number) -> require(
                            version, "version " + number + ", which it was held against", digest, good, referred));
        }
        for (MergedExpert expert : version.getExperts()) {
            referred.add(expert.getBundleDigest());
            String what = "the task vector of " + expert.getExpertId();
            require(version, what, expert.getTaskVectorDigest(), good, referred);
            MergedExperts.patchDigest(expert)
                    .ifPresent(patch -> require(version, "the list of files of " + what, patch, good, referred));
            if (good.contains(expert.getTaskVectorDigest())) {
                TaskVector vector = TaskVector.get(store, expert.getTaskVectorDigest());
                for (String piece : vector.pieces()) {
                    require(version, "a piece of " + what, piece, good, referred);
                }
                if (!vector.statistics().isEmpty()) {
                    require(version, "the statistics of " + expert.getExpertId(), vector.statistics(), good, referred);
                }
            }
        }
        return found == before;
    }

    private static SortedMap<String, Long> yardsticks(GateReport report) {
        SortedMap<String, Long> versions = new TreeMap<>();
        GateReports.yardsticks(report).stream()
                .filter(yardstick -> yardstick.getFailure() == null)
                .forEach(yardstick -> versions.put(yardstick.getDigest(), yardstick.getVersion()));
        return versions;
    }

    private void require(ModelUpdate version, String what, String digest, Set<String> good, Set<String> referred) {
        referred.add(digest);
        if (!good.contains(digest)) {
            problem(name(version) + " lacks " + what + ", " + digest + ".");
        }
    }

    private void madeAgain(ModelUpdate version, @Nullable ModelUpdate base, boolean fromExperts) throws IOException {
        if (base == null) {
            problem(name(version) + " cannot be made again: the store has no version 0 of its model.");
            return;
        }
        try {
            ModelBundle index = ModelBundle.open(store.bundle(base.getDigest()));
            Recipe recipe = Recipes.fromAvro(version.getRecipe());
            requireDigest(version, "from its task vectors", target -> fromTaskVectors(version, index, recipe, target));
            if (fromExperts && hasItsExperts(version)) {
                requireDigest(version, "from its experts", target -> fromExperts(version, index, recipe, target));
            }
        } catch (RejectedException e) {
            problem(name(version) + " cannot be made again: " + e.getMessage());
        }
    }

    private void requireDigest(ModelUpdate version, String how, Making making) throws IOException, RejectedException {
        Path target = work.resolve("made-again");
        try {
            making.make(target);
            String digest = Bundle.describe(target).digest();
            if (!digest.equals(version.getDigest())) {
                problem(name(version) + ", made again " + how + ", has the digest " + digest
                        + " and was announced with " + version.getDigest() + ".");
            }
        } finally {
            FileTree.delete(target);
        }
    }

    private void fromTaskVectors(ModelUpdate version, ModelBundle base, Recipe recipe, Path target)
            throws IOException, RejectedException {
        List<Member> members = version.getExperts().stream()
                .map(expert -> new Member(expert.getTaskVectorDigest(), expert.getWeight()))
                .toList();
        try (RunningModel model = RunningModel.restore(base, recipe, store, work, pool, members)) {
            model.write(target, RecordedScales.of(version, store), Progress.NONE);
        }
    }

    private void fromExperts(ModelUpdate version, ModelBundle base, Recipe recipe, Path target)
            throws IOException, RejectedException {
        List<OfflineMerge.Expert> experts = new ArrayList<>();
        List<OfflineMerge.ProtectedLanguage> languages = new ArrayList<>();
        for (MergedExpert expert : version.getExperts()) {
            @Nullable String digest = expert.getStatisticsDigest();
            @Nullable Path statistics = digest == null ? null : store.bundle(digest);
            if (MergedExperts.isProtection(expert)) {
                Input input = new Input("The language " + expert.getExpertId());
                languages.add(new OfflineMerge.ProtectedLanguage(
                        input, Objects.requireNonNull(statistics), expert.getWeight()));
            } else {
                experts.add(new OfflineMerge.Expert(store.bundle(expert.getBundleDigest()), expert.getWeight())
                        .weighedBy(statistics));
            }
        }
        boolean wasSearched = recipe.scale().scaling() == Scaling.SEARCH;
        Recipe found = wasSearched
                ? recipe.with(Scale.fixed(RecordedScales.of(version, store).overall()))
                : recipe;
        @Nullable MappedBase mapped = mapped(version, base);
        new OfflineMerge(base, mapped, found, Lanczos::truncate, pool, Progress.NONE)
                .mergeAgain(experts, languages, target);
    }

    private @Nullable MappedBase mapped(ModelUpdate version, ModelBundle base) throws RejectedException, IOException {
        if (version.getCheckpointDigest() == null || version.getWeightMapDigest() == null) {
            return null;
        }
        WeightMap map = WeightMap.read(store.get(version.getWeightMapDigest()));
        return MappedBase.of(base, ExpertFolder.open(store.bundle(version.getCheckpointDigest())), map);
    }

    private boolean hasItsExperts(ModelUpdate version) {
        return version.getExperts().stream().allMatch(expert -> {
            if (MergedExperts.isProtection(expert)) {
                return true;
            }
            if (!expert.getCombine().isEmpty()) {
                return false;
            }
            try {
                store.bundle(expert.getBundleDigest());
                return true;
            } catch (IOException gone) {
                return false;
            }
        });
    }

    private void problem(String sentence) {
        found++;
        problems.accept(sentence);
    }

    private static String name(ModelUpdate version) {
        return "Version " + version.getVersion() + " of " + version.getModelId();
    }

    /** Makes a model in a directory. */
    @FunctionalInterface
    private interface Making {
        void make(Path target) throws IOException, RejectedException;
    }
}
