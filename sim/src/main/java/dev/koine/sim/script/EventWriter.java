package dev.koine.sim.script;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.events.Bundles;
import dev.koine.events.signature.SigningKey;
import dev.koine.events.signature.Statement;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Recipe;
import dev.koine.sim.fault.SimClock;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes the events of one model: good ones, and all kinds of others. */
final class EventWriter {
    private static final EventCodec<ModelRegistration> REGISTRATIONS = EventCodec.of(ModelRegistration.class);
    private static final EventCodec<ExpertEvent> EXPERTS = EventCodec.of(ExpertEvent.class);
    private static final double OVERFLOWING = 1e12;
    private static final int FIRST_ROLLBACK = 56;
    private static final int MANY_ROLLBACKS = 35;

    private final Random random;
    private final Library library;
    private final Path places;
    private final String modelId;
    private final String base;
    private final boolean signed;
    private final int rollbacks;
    private final Map<String, Long> revisions = new HashMap<>();
    private int written;

    EventWriter(Random random, Library library, Path places, String modelId, String base, boolean signed) {
        this.random = random;
        this.library = library;
        this.places = places;
        this.modelId = modelId;
        this.base = base;
        this.signed = signed;
        this.rollbacks = random.nextInt(3) == 0 ? MANY_ROLLBACKS : 0;
    }

    /** The registrations of the model; some are not well, some come again. */
    List<Planned> registrations() throws RejectedException {
        List<Planned> all = new ArrayList<>();
        boolean stumbles = random.nextInt(5) == 0;
        if (stumbles) {
            ModelRegistration wrong = registration();
            wrong.getRecipe().setRank(-1);
            all.add(registration(wrong, Set.of(RejectionCode.INVALID_EVENT)));
        }
        if (random.nextInt(12) == 0) {
            ModelRegistration missing = registration();
            missing.setBase(Bundles.toAvro(withAFileMore(library.bundle(base))));
            all.add(registration(missing, Set.of(RejectionCode.MISSING_FILE)));
        }
        Planned good = registration(registration(), Set.of());
        all.add(good);
        if (random.nextInt(4) == 0) {
            all.add(good);
        }
        return all;
    }

    private ModelRegistration registration() {
        Recipe.Builder recipe = Recipe.newBuilder().setRank(2).setScale(0.2);
        List<String> against = List.of();
        switch (random.nextInt(3)) {
            case 0 -> recipe.setMethod("TASK_ARITHMETIC").setScale(0.3);
            case 1 -> {
                recipe.setScaling("PER_EXPERT").setScale(1);
                against = List.of("BEST");
            }
            default -> {
                recipe.setPrecision("FLOAT16");
                against = List.of("BASE", "BEST");
            }
        }
        ModelRegistration.Builder registration = ModelRegistration.newBuilder()
                .setModelId(modelId)
                .setBase(Bundles.toAvro(library.bundle(base)))
                .setRecipe(recipe.build())
                .setTime(SimClock.BEGINNING.plusSeconds(written++));
        if (random.nextInt(5) < 2) {
            registration
                    .setEvaluationSets(List.of(Bundles.toAvro(library.bundle(Library.SPEECH))))
                    .setGate(GatePolicy.newBuilder()
                            .setMode(random.nextInt(4) == 0 ? "OBSERVE" : "ENFORCE")
                            .setMaxRegression(0.1)
                            .setMaxMeanRegression(0.1)
                            .setGuarded(random.nextBoolean() ? List.of("en") : List.of())
                            .setAgainst(against)
                            .setMaxDecline(0.05)
                            .build());
        }
        return registration.build();
    }

    private Planned registration(ModelRegistration event, Set<RejectionCode> refusals) throws RejectedException {
        Planned.Signing signing = signing();
        @Nullable SigningKey key = key(signing);
        if (key != null) {
            event.setSignature(key.sign(Statement.of(event)));
        }
        return new Planned(modelId, REGISTRATIONS.encode(event), event, null, signing, refusals, false, null);
    }

    /** One event more. */
    Planned event() throws IOException, RejectedException {
        int kind = random.nextInt(100) < rollbacks ? FIRST_ROLLBACK : random.nextInt(100);
        if (kind < 44) {
            return merge(library.bundle(Library.expert(base, random.nextInt(Library.EXPERTS))), Set.of());
        }
        if (kind < FIRST_ROLLBACK) {
            return expert(event(ExpertAction.RETRACT).setExpertId(expertId()).build(), Set.of());
        }
        if (kind < 68) {
            long likely = written * 2L / 3;
            long backTo = Math.max(0, likely - random.nextInt(5));
            return expert(event(ExpertAction.ROLLBACK).setBackTo(backTo).build(), Set.of());
        }
        if (kind < 76) {
            return combination();
        }
        if (kind < 82) {
            return vanishing();
        }
        return hostile(kind);
    }

    private Planned hostile(int kind) throws RejectedException {
        Bundle healthy = library.bundle(Library.expert(base, 0));
        return switch (kind) {
            case 82, 83 ->
                new Planned(
                        modelId,
                        new byte[] {1, 2, 3},
                        null,
                        null,
                        Planned.Signing.NOBODY,
                        Set.of(RejectionCode.UNDECODABLE),
                        false,
                        null);
            case 84 ->
                new Planned(
                        modelId,
                        null,
                        null,
                        null,
                        Planned.Signing.NOBODY,
                        Set.of(RejectionCode.UNDECODABLE),
                        false,
                        null);
            case 85 -> undecodable(merging(healthy).setWeight(Double.NaN).build());
            case 86 -> undecodable(event(ExpertAction.UNKNOWN).build());
            case 87 -> merge(withAFileMore(healthy), Set.of(RejectionCode.MISSING_FILE));
            case 88 -> merge(resized(healthy), Set.of(RejectionCode.SIZE_MISMATCH));
            case 89 -> merge(changed(healthy), Set.of(RejectionCode.DIGEST_MISMATCH));
            case 90 ->
                merge(
                        new Bundle(URI.create("file:///nowhere/"), healthy.files()),
                        Set.of(RejectionCode.PLACE_NOT_ALLOWED));
            case 91, 92, 93 ->
                merge(
                        library.bundle(Library.NAN),
                        Set.of(base.equals("float") ? RejectionCode.NON_FINITE : RejectionCode.GRAPH_MISMATCH));
            case 94, 95 -> merge(library.bundle(Library.OTHER), Set.of(RejectionCode.GRAPH_MISMATCH));
            case 96 -> merge(library.bundle(base), Set.of(RejectionCode.UNCHANGED));
            default -> expert(merging(healthy).setWeight(OVERFLOWING).build(), Set.of());
        };
    }

    private Planned undecodable(ExpertEvent event) {
        return new Planned(
                modelId,
                EXPERTS.encode(event),
                null,
                null,
                Planned.Signing.NOBODY,
                Set.of(RejectionCode.INVALID_EVENT),
                false,
                null);
    }

    private Planned merge(Bundle bundle, Set<RejectionCode> refusals) throws RejectedException {
        return expert(merging(bundle).build(), refusals);
    }

    private ExpertEvent.Builder merging(Bundle bundle) {
        String id = expertId();
        long known = revisions.getOrDefault(id, 0L);
        long revision = random.nextInt(4) == 0 ? Math.max(1, known - random.nextInt(2)) : known + 1;
        revisions.put(id, Math.max(known, revision));
        String language = Library.LANGUAGES.get(random.nextInt(Library.LANGUAGES.size()));
        return event(ExpertAction.MERGE)
                .setExpertId(id)
                .setRevision(revision)
                .setLanguages(random.nextInt(10) == 0 ? List.of("xx") : List.of(language))
                .setWeight(random.nextBoolean() ? 1 : 0.5)
                .setBundle(Bundles.toAvro(bundle));
    }

    private Planned combination() throws RejectedException {
        List<String> ids = new ArrayList<>(List.of("a", "b", "c", "d"));
        String id = ids.remove(random.nextInt(ids.size()));
        List<CombineTerm> terms = List.of(
                new CombineTerm(ids.remove(random.nextInt(ids.size())), 1.0),
                new CombineTerm(ids.remove(random.nextInt(ids.size())), -0.5));
        long revision = revisions.merge(id, 1L, Long::sum);
        return expert(
                event(ExpertAction.MERGE)
                        .setExpertId(id)
                        .setRevision(revision)
                        .setLanguages(List.of("fr"))
                        .setCombine(random.nextBoolean() ? terms : terms.subList(0, 1))
                        .build(),
                Set.of());
    }

    /** An expert whose files may go away at any time. */
    private Planned vanishing() throws IOException, RejectedException {
        Bundle stays = library.bundle(Library.expert(base, random.nextInt(Library.EXPERTS)));
        Path place = Mutation.copy(stays.directory(), places);
        Planned planned =
                expert(merging(new Bundle(place.toUri(), stays.files())).build(), Set.of(RejectionCode.MISSING_FILE));
        return new Planned(
                modelId, planned.value(), null, planned.expert(), planned.signing(), planned.refusals(), true, place);
    }

    private Planned expert(ExpertEvent event, Set<RejectionCode> refusals) throws RejectedException {
        Planned.Signing signing = signing();
        @Nullable SigningKey key = key(signing);
        if (key != null) {
            event.setSignature(key.sign(Statement.of(event)));
        }
        return new Planned(modelId, EXPERTS.encode(event), null, event, signing, refusals, false, null);
    }

    private ExpertEvent.Builder event(ExpertAction action) {
        return ExpertEvent.newBuilder()
                .setAction(action)
                .setModelId(modelId)
                .setTime(SimClock.BEGINNING.plusSeconds(written++));
    }

    private String expertId() {
        return List.of("a", "b", "c", "d").get(random.nextInt(4));
    }

    private Planned.Signing signing() {
        if (!signed) {
            return Planned.Signing.NOBODY;
        }
        return switch (random.nextInt(12)) {
            case 0 -> Planned.Signing.NOBODY;
            case 1 -> Planned.Signing.STRANGER;
            default -> Planned.Signing.TRUSTED;
        };
    }

    private @Nullable SigningKey key(Planned.Signing signing) {
        return switch (signing) {
            case TRUSTED -> library.key();
            case STRANGER -> library.stranger();
            case NOBODY -> null;
        };
    }

    private static Bundle withAFileMore(Bundle bundle) {
        List<BundleFile> files = new ArrayList<>(bundle.files());
        files.add(new BundleFile("tokenizer.json", 3, "0".repeat(64)));
        return new Bundle(bundle.uri(), files);
    }

    private static Bundle resized(Bundle bundle) {
        BundleFile file = bundle.files().get(0);
        return new Bundle(bundle.uri(), List.of(new BundleFile(file.path(), file.size() + 1, file.sha256())));
    }

    private static Bundle changed(Bundle bundle) {
        BundleFile file = bundle.files().get(0);
        return new Bundle(bundle.uri(), List.of(new BundleFile(file.path(), file.size(), "0".repeat(64))));
    }
}
