package dev.koine.sim.check;

import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.sim.script.Judgement;
import dev.koine.sim.script.Library;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the gate should say, of errors as measured. */
final class OracleGate {
    private static final double ROUNDING = 1e-9;

    private final @Nullable GatePolicy policy;
    private final Judgement judgement;

    OracleGate(@Nullable GatePolicy policy, Judgement judgement) {
        this.policy = policy;
        this.judgement = judgement;
    }

    boolean refuses(String before, String after, Collection<OracleModel.Inside> inside, ExpertEvent comesIn) {
        if (policy == null || !policy.getMode().equals("ENFORCE")) {
            return false;
        }
        Set<String> old = new HashSet<>(policy.getGuarded());
        inside.forEach(expert -> old.addAll(expert.languages()));
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
                double growth = ((double) is.getAsInt() - was.getAsInt()) / Judgement.WORDS;
                if (isOld) {
                    oldGrowth.add(growth);
                } else if (isNew) {
                    newGrowth.add(growth);
                }
            }
        }
        return !isHeard
                || oldGrowth.stream().anyMatch(growth -> growth > policy.getMaxRegression() + ROUNDING)
                || exceeds(mean(oldGrowth), policy.getMaxMeanRegression() + ROUNDING)
                || exceeds(mean(newGrowth), ROUNDING - policy.getMinGain());
    }

    private static OptionalDouble mean(List<Double> growths) {
        return growths.stream().mapToDouble(growth -> growth).average();
    }

    private static boolean exceeds(OptionalDouble growth, double limit) {
        return growth.isPresent() && growth.getAsDouble() > limit;
    }
}
