package dev.koine.e2e.chaos;

import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Topics;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An endless stream of merges, replacements, retractions, rollbacks and broken experts for two models, the same for the same seed, and for each
 * event what has to become of it. The first events register the models.
 */
final class Workload {
    static final List<String> MODELS = List.of("north", "south");

    private static final List<String> EXPERTS = List.of("ca", "de", "es", "fr", "it");
    private static final EventCodec<ExpertEvent> EXPERT_EVENTS = EventCodec.of(ExpertEvent.class);
    private static final EventCodec<ModelRegistration> REGISTRATIONS = EventCodec.of(ModelRegistration.class);

    private final SplittableRandom random;
    private final Path broken;
    private final Map<String, Contents> models = new HashMap<>();
    private final Map<Path, Bundle> described = new HashMap<>();
    private final List<Planned> registrations = new ArrayList<>();

    /** @param broken an expert that diverged in training */
    Workload(long seed, Path broken) throws Exception {
        this.random = new SplittableRandom(seed);
        this.broken = broken;
        for (String model : MODELS) {
            models.put(model, new Contents());
            registrations.add(registration(model, Optional.empty()));
        }
    }

    /**
     * An event that is to be sent.
     *
     * @param refusal the code that it must be refused with; empty if it must make a version
     * @param version that it must make, or that is the head when it is refused
     * @param inside the experts in that version
     */
    record Planned(
            String topic,
            String modelId,
            byte[] value,
            Optional<RejectionCode> refusal,
            long version,
            Map<String, Path> inside) {}

    /** The experts inside a model, and their revisions. */
    private static final class Contents {
        private final Map<String, Path> inside = new TreeMap<>();
        private final Map<String, Long> revisions = new TreeMap<>();
        private final List<Map<String, Path>> history = new ArrayList<>(List.of(Map.of()));

        long version() {
            return history.size() - 1;
        }

        void next() {
            history.add(Map.copyOf(inside));
        }
    }

    Planned next() throws Exception {
        if (!registrations.isEmpty()) {
            return registrations.remove(0);
        }
        String model = MODELS.get(random.nextInt(MODELS.size()));
        Contents contents = Objects.requireNonNull(models.get(model));
        String expert = EXPERTS.get(random.nextInt(EXPERTS.size()));
        boolean isInside = contents.inside.containsKey(expert);
        int kind = random.nextInt(100);
        if (kind < 12) {
            return isInside
                    ? retraction(model, expert)
                    : refused(model, expert(ExpertAction.RETRACT, model, expert, 0, null), RejectionCode.NOT_MERGED);
        }
        if (kind < 40 && isInside) {
            return retraction(model, expert);
        }
        if (kind < 72) {
            return merge(model, expert);
        }
        if (kind < 80) {
            return rollback(model, contents);
        }
        return bad(model, expert, random.nextInt(6));
    }

    private Planned merge(String model, String expert) throws Exception {
        Contents contents = Objects.requireNonNull(models.get(model));
        long revision = contents.revisions.merge(expert, 1L, Long::sum);
        Path bundle = Fixtures.ctc(expert.equals("de") && random.nextBoolean() ? "de-2" : expert);
        contents.inside.put(expert, bundle);
        contents.next();
        return accepted(model, expert(ExpertAction.MERGE, model, expert, revision, describe(bundle)));
    }

    private Planned retraction(String model, String expert) {
        Contents contents = Objects.requireNonNull(models.get(model));
        contents.inside.remove(expert);
        contents.next();
        return accepted(model, expert(ExpertAction.RETRACT, model, expert, 0, null));
    }

    private Planned rollback(String model, Contents contents) {
        long backTo = random.nextLong(contents.version() + 2);
        byte[] event = EXPERT_EVENTS.encode(ExpertEvent.newBuilder()
                .setAction(ExpertAction.ROLLBACK)
                .setModelId(model)
                .setBackTo(backTo)
                .setTime(Instant.now())
                .build());
        if (backTo >= contents.version()) {
            return refused(
                    model,
                    event,
                    backTo == contents.version() ? RejectionCode.DUPLICATE : RejectionCode.UNKNOWN_VERSION);
        }
        contents.inside.clear();
        contents.inside.putAll(contents.history.get((int) backTo));
        contents.next();
        return accepted(model, event);
    }

    private Planned bad(String model, String expert, int kind) throws Exception {
        Contents contents = Objects.requireNonNull(models.get(model));
        long newer = contents.revisions.getOrDefault(expert, 0L) + 1;
        Bundle good = describe(Fixtures.ctc(expert));
        switch (kind) {
            case 0:
                return refused(
                        model,
                        expert(ExpertAction.MERGE, model, expert, newer, describe(broken)),
                        RejectionCode.NON_FINITE);
            case 1:
                byte[] garbage = new byte[random.nextInt(200)];
                for (int i = 0; i < garbage.length; i++) {
                    garbage[i] = (byte) random.nextInt();
                }
                return refused(model, garbage, RejectionCode.UNDECODABLE);
            case 2:
                Bundle nowhere = new Bundle(broken.resolve("nowhere").toUri(), good.files());
                return refused(
                        model, expert(ExpertAction.MERGE, model, expert, newer, nowhere), RejectionCode.MISSING_FILE);
            case 3:
                Bundle outside = new Bundle(Path.of("/etc").toUri(), good.files());
                return refused(
                        model,
                        expert(ExpertAction.MERGE, model, expert, newer, outside),
                        RejectionCode.PLACE_NOT_ALLOWED);
            case 4:
                List<BundleFile> files = good.files().stream()
                        .map(file -> new BundleFile(file.path(), file.size(), "0".repeat(64)))
                        .toList();
                return refused(
                        model,
                        expert(ExpertAction.MERGE, model, expert, newer, new Bundle(good.uri(), files)),
                        RejectionCode.DIGEST_MISMATCH);
            default:
                return registration(model, Optional.of(RejectionCode.MODEL_EXISTS));
        }
    }

    private Planned accepted(String model, byte[] value) {
        return planned(Topics.DEFAULT.experts(), model, value, Optional.empty());
    }

    private Planned refused(String model, byte[] value, RejectionCode code) {
        return planned(Topics.DEFAULT.experts(), model, value, Optional.of(code));
    }

    private Planned registration(String model, Optional<RejectionCode> refusal) throws Exception {
        byte[] value = REGISTRATIONS.encode(ModelRegistration.newBuilder()
                .setModelId(model)
                .setBase(Bundles.toAvro(describe(Fixtures.ctc("base"))))
                .setRecipe(Recipes.toAvro(Recipe.PUBLISHED))
                .setTime(Instant.now())
                .build());
        return planned(Topics.DEFAULT.models(), model, value, refusal);
    }

    private Planned planned(String topic, String model, byte[] value, Optional<RejectionCode> refusal) {
        Contents contents = Objects.requireNonNull(models.get(model));
        return new Planned(topic, model, value, refusal, contents.version(), Map.copyOf(contents.inside));
    }

    private static byte[] expert(
            ExpertAction action, String model, String expert, long revision, @Nullable Bundle bundle) {
        return EXPERT_EVENTS.encode(ExpertEvent.newBuilder()
                .setAction(action)
                .setModelId(model)
                .setExpertId(expert)
                .setRevision(revision)
                .setLanguages(List.of(expert))
                .setTasks(List.of("TRANSCRIBE"))
                .setBundle(bundle == null ? null : Bundles.toAvro(bundle))
                .setTime(Instant.now())
                .build());
    }

    private Bundle describe(Path bundle) throws Exception {
        if (!described.containsKey(bundle)) {
            described.put(bundle, Bundle.describe(bundle));
        }
        return described.get(bundle);
    }
}
