package dev.koine.sim.check;

import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.sim.script.Judgement;
import dev.koine.sim.script.Library;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the gate should say, of errors as measured. */
final class OracleGate {
    private static final double ROUNDING = 1e-9;

    private final @Nullable GatePolicy policy;
    private final Judgement judgement;
    private final String base;

    OracleGate(@Nullable GatePolicy policy, Judgement judgement, String base) {
        this.policy = policy;
        this.judgement = judgement;
        this.base = base;
    }

    /**
     * What a version is held against beside its parent.
     *
     * @param base the languages in which it is the base
     * @param best digest of the best version so far, by language
     */
    record Yardsticks(Set<String> base, Map<String, String> best) {
        static final Yardsticks NONE = new Yardsticks(Set.of(), Map.of());
    }

    /**
     * A version that another comes after.
     *
     * @param isDecided whether an operator decided on it, so that nobody could refuse it
     */
    record Previous(String digest, Yardsticks yardsticks, boolean isDecided) {}

    /** @param inside those who are inside before and after */
    Yardsticks yardsticks(Previous previous, Collection<OracleModel.Inside> inside) {
        if (policy == null || policy.getAgainst().isEmpty()) {
            return Yardsticks.NONE;
        }
        Set<String> againstBase = new HashSet<>();
        Map<String, String> best = new TreeMap<>();
        for (String language : spoken(inside)) {
            boolean isForgiven = declines(previous.digest(), base, language)
                    && (previous.isDecided() || !previous.yardsticks().base().contains(language));
            if (policy.getAgainst().contains("BASE") && !isForgiven) {
                againstBase.add(language);
            }
            if (policy.getAgainst().contains("BEST")) {
                best(previous, language, best);
            }
        }
        return new Yardsticks(againstBase, best);
    }

    private void best(Previous previous, String language, Map<String, String> best) {
        @Nullable String before = previous.yardsticks().best().get(language);
        OptionalInt errors = judgement.errors(previous.digest(), language);
        boolean staysBest = before != null
                && (errors.isEmpty()
                        || (errors.getAsInt()
                                        > judgement.errors(before, language).orElseThrow()
                                && !(previous.isDecided() && declines(previous.digest(), before, language))));
        if (staysBest) {
            best.put(language, before);
        } else if (errors.isPresent()) {
            best.put(language, previous.digest());
        }
    }

    private boolean declines(String after, String yardstick, String language) {
        OptionalInt was = judgement.errors(yardstick, language);
        OptionalInt is = judgement.errors(after, language);
        return policy != null
                && was.isPresent()
                && is.isPresent()
                && growth(was, is) > policy.getMaxDecline() + ROUNDING;
    }

    private Set<String> spoken(Collection<OracleModel.Inside> inside) {
        Set<String> spoken = new HashSet<>(policy == null ? List.of() : policy.getGuarded());
        inside.forEach(expert -> spoken.addAll(expert.languages()));
        return spoken;
    }

    boolean refuses(
            String before,
            String after,
            Collection<OracleModel.Inside> inside,
            ExpertEvent comesIn,
            Yardsticks yardsticks) {
        if (policy == null || !policy.getMode().equals("ENFORCE")) {
            return false;
        }
        Set<String> old = spoken(inside);
        Set<String> fresh = new HashSet<>(comesIn.getLanguages());
        List<Double> oldGrowth = new ArrayList<>();
        List<Double> newGrowth = new ArrayList<>();
        boolean isHeard = false;
        for (String language : Library.LANGUAGES) {
            isHeard |= fresh.contains(language);
            boolean isOld = old.contains(language);
            boolean isNew = !isOld && fresh.contains(language);
            OptionalInt was = judgement.errors(before, language);
            OptionalInt is = judgement.errors(after, language);
            if (is.isEmpty() && (isNew || (isOld && was.isPresent()))) {
                return true;
            }
            if (was.isPresent() && is.isPresent()) {
                if (isOld) {
                    oldGrowth.add(growth(was, is));
                } else if (isNew) {
                    newGrowth.add(growth(was, is));
                }
            }
        }
        return !isHeard
                || oldGrowth.stream().anyMatch(growth -> growth > policy.getMaxRegression() + ROUNDING)
                || exceeds(mean(oldGrowth), policy.getMaxMeanRegression() + ROUNDING)
                || exceeds(mean(newGrowth), ROUNDING - policy.getMinGain())
                || yardsticks.base().stream().anyMatch(language -> declines(after, base, language))
                || yardsticks.best().entrySet().stream()
                        .anyMatch(best -> declines(after, best.getValue(), best.getKey()));
    }

    private static double growth(OptionalInt was, OptionalInt is) {
        return ((double) is.getAsInt() - was.getAsInt()) / Judgement.WORDS;
    }

    private static OptionalDouble mean(List<Double> growths) {
        return growths.stream().mapToDouble(growth -> growth).average();
    }

    private static boolean exceeds(OptionalDouble growth, double limit) {
        return growth.isPresent() && growth.getAsDouble() > limit;
    }
}
