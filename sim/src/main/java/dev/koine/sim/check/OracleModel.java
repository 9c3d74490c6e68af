package dev.koine.sim.check;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A model as it should be: its versions, and what is inside each. */
final class OracleModel {
    private static final double OVERFLOWING = 1e6;

    private final Oracle.Setting setting;
    private final Bundle base;
    private final Recipe recipe;
    private final OracleGate gate;
    private final List<Version> versions = new ArrayList<>();

    private record Version(
            String digest, SortedMap<String, Inside> inside, OracleGate.Yardsticks yardsticks, boolean isDecided) {
        OracleGate.Previous previous() {
            return new OracleGate.Previous(digest, yardsticks, isDecided);
        }
    }

    /** An expert inside. */
    record Inside(long revision, double weight, String taskVector, List<String> languages) {}

    /**
     * What should become of an event.
     *
     * @param refusal null for a version
     */
    record Expected(@Nullable RejectionCode refusal, long version, String digest, SortedMap<String, Inside> inside) {
        /** Where an update is another. */
        List<String> differences(ModelUpdate update) {
            List<String> differences = new ArrayList<>();
            if (!update.getDigest().equals(digest)) {
                differences.add("digest " + update.getDigest() + " for " + digest);
            }
            if (update.getVersion() != version) {
                differences.add("number " + update.getVersion() + " for " + version);
            }
            SortedMap<String, Inside> found = new TreeMap<>();
            for (MergedExpert expert : update.getExperts()) {
                found.put(
                        expert.getExpertId(),
                        new Inside(
                                expert.getRevision(),
                                expert.getWeight(),
                                expert.getTaskVectorDigest(),
                                expert.getLanguages()));
            }
            if (!found.equals(inside)) {
                differences.add("experts " + found + " for " + inside);
            }
            return differences;
        }
    }

    OracleModel(ModelRegistration registration, Oracle.Setting setting) throws RejectedException {
        this.setting = setting;
        this.base = Bundles.fromAvro(registration.getBase());
        this.recipe = Recipes.fromAvro(registration.getRecipe());
        this.gate = new OracleGate(registration.getGate(), setting.library().judgement(), base.digest());
    }

    Expected register() {
        return announce(new Version(base.digest(), new TreeMap<>(), OracleGate.Yardsticks.NONE, true));
    }

    private Expected announce(Version version) {
        versions.add(version);
        return new Expected(null, versions.size() - 1, version.digest(), version.inside());
    }

    private static Expected refuse(RejectionCode code) {
        return new Expected(code, 0, "", new TreeMap<>());
    }

    /**
     * What becomes of an expert event whose content is well.
     *
     * @param found the code that it was refused with, which tells where both are right whether an old version was still kept
     */
    Expected change(ExpertEvent event, @Nullable String found) throws IOException, RejectedException {
        Version newest = versions.get(versions.size() - 1);
        if (event.getAction() == ExpertAction.ROLLBACK) {
            return rollBack(event.getBackTo(), found);
        }
        if (event.getAction() == ExpertAction.RETRACT) {
            if (!newest.inside().containsKey(event.getExpertId())) {
                return refuse(RejectionCode.NOT_MERGED);
            }
            SortedMap<String, Inside> left = new TreeMap<>(newest.inside());
            left.remove(event.getExpertId());
            return next(left, newest, null);
        }
        return merge(event, newest);
    }

    private Expected merge(ExpertEvent event, Version newest) throws IOException, RejectedException {
        @Nullable Inside older = newest.inside().get(event.getExpertId());
        if (older != null && older.revision() == event.getRevision()) {
            return refuse(RejectionCode.DUPLICATE);
        }
        if (older != null && older.revision() > event.getRevision()) {
            return refuse(RejectionCode.STALE_REVISION);
        }
        List<String> terms = new ArrayList<>();
        List<Double> factors = new ArrayList<>();
        for (CombineTerm term : event.getCombine()) {
            @Nullable Inside expert = newest.inside().get(term.getExpertId());
            if (expert == null) {
                return refuse(RejectionCode.NOT_MERGED);
            }
            terms.add(expert.taskVector());
            factors.add(term.getFactor());
        }
        if (event.getWeight() > OVERFLOWING) {
            return refuse(RejectionCode.TOTAL_OVERFLOW);
        }
        String taskVector = event.getBundle() == null
                ? setting.reference().combined(terms, factors)
                : setting.reference().taskVector(base, healthy(event), recipe);
        SortedMap<String, Inside> inside = new TreeMap<>(newest.inside());
        inside.put(
                event.getExpertId(),
                new Inside(event.getRevision(), event.getWeight(), taskVector, event.getLanguages()));
        return next(inside, newest, event);
    }

    /** The bundle where its files stay. */
    private Bundle healthy(ExpertEvent event) throws RejectedException {
        return setting.library().same(Bundles.fromAvro(event.getBundle()));
    }

    private Expected next(SortedMap<String, Inside> inside, Version newest, @Nullable ExpertEvent comesIn)
            throws IOException, RejectedException {
        List<Member> members = inside.values().stream()
                .map(expert -> new Member(expert.taskVector(), expert.weight()))
                .toList();
        String digest = setting.reference().version(base, recipe, members);
        OracleGate.Yardsticks yardsticks = gate.yardsticks(
                newest.previous(),
                comesIn == null ? inside.values() : newest.inside().values());
        if (comesIn != null
                && gate.refuses(newest.digest(), digest, newest.inside().values(), comesIn, yardsticks)) {
            return refuse(RejectionCode.GATE_REFUSED);
        }
        if (setting.library().judgement().isBroken(digest)) {
            return refuse(RejectionCode.NON_FINITE);
        }
        return announce(new Version(digest, inside, yardsticks, comesIn == null));
    }

    private Expected rollBack(long backTo, @Nullable String found) {
        int newest = versions.size() - 1;
        if (backTo == newest) {
            return refuse(RejectionCode.DUPLICATE);
        }
        boolean mayBeGone = setting.kept() > 0 && backTo > 0 && backTo <= newest - setting.kept();
        boolean isGone = mayBeGone && RejectionCode.UNKNOWN_VERSION.name().equals(found);
        if (backTo > newest || isGone) {
            return refuse(RejectionCode.UNKNOWN_VERSION);
        }
        Version old = versions.get((int) backTo);
        OracleGate.Yardsticks yardsticks =
                gate.yardsticks(old.previous(), old.inside().values());
        return announce(new Version(old.digest(), old.inside(), yardsticks, true));
    }
}
