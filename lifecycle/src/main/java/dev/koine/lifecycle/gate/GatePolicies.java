package dev.koine.lifecycle.gate;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Policies of the gate in registrations. */
public final class GatePolicies {
    /** Most utterances that may be asked for, per language and task. */
    public static final int MOST_SAMPLED = 1000;

    /** Most evaluation sets of one model. */
    public static final int MOST_SETS = 100;

    private static final int MOST_GUARDED = 100;
    private static final double LEAST_CONFIDENCE = 0.5;
    private static final double MOST_CONFIDENCE = 0.999;
    private static final String SEARCH = "SEARCH";

    private GatePolicies() {}

    /**
     * What a candidate has to hold if nothing else is said: observed, five points for a language and task and two for the mean of the
     * languages that are inside, no loss for new ones, each with 95 % confidence. {@code eval/RESULTS.md} has the measurements.
     */
    public static GatePolicy.Builder defaults() {
        return GatePolicy.newBuilder()
                .setMaxRegression(0.05)
                .setMaxMeanRegression(0.02)
                .setConfidence(0.95);
    }

    /**
     * The policy that a registration asks for; the {@link #defaults} where it brings evaluation sets and no policy.
     *
     * @return null for no gate
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a setting is out of range or unknown, or if something has to be
     *     evaluated and there is nothing to evaluate it on
     */
    public static @Nullable GatePolicy of(ModelRegistration registration) throws RejectedException {
        int sets = registration.getEvaluationSets().size();
        @Nullable GatePolicy said = registration.getGate();
        require(
                sets <= MOST_SETS,
                "The registration has " + sets + " evaluation sets, and " + MOST_SETS
                        + " are the most. One set may hold several languages and tasks: put them together.");
        require(
                said == null || sets > 0,
                "The registration has a policy for the gate and no evaluation set to"
                        + " evaluate candidates on. Give some, or leave the policy out.");
        require(
                sets > 0 || !registration.getRecipe().getScaling().equals(SEARCH),
                "Scaling SEARCH tries scales on evaluation sets, and the registration has none. Give some, or choose"
                        + " another scaling.");
        if (sets == 0) {
            return null;
        }
        return said == null ? defaults().build() : validated(said);
    }

    private static GatePolicy validated(GatePolicy policy) throws RejectedException {
        GateMode.of(policy);
        requireNotNegative("maxRegression", policy.getMaxRegression());
        requireNotNegative("maxMeanRegression", policy.getMaxMeanRegression());
        requireNotNegative("minGain", policy.getMinGain());
        requireNotNegative("maxDecline", policy.getMaxDecline());
        Set<Yardstick> against = EnumSet.noneOf(Yardstick.class);
        for (String name : policy.getAgainst()) {
            require(
                    against.add(Yardstick.of(name)),
                    "The gate holds candidates against " + name + " twice; name it once.");
        }
        double confidence = policy.getConfidence();
        require(
                confidence == 0 || (confidence >= LEAST_CONFIDENCE && confidence <= MOST_CONFIDENCE),
                "The gate's confidence is " + confidence + "; give " + LEAST_CONFIDENCE + " to " + MOST_CONFIDENCE
                        + ", such as 0.95, or 0 to compare errors as measured.");
        require(
                policy.getSample() >= 1 && policy.getSample() <= MOST_SAMPLED,
                "The gate's sample is " + policy.getSample() + "; give 1 to " + MOST_SAMPLED
                        + " utterances per language and task.");
        List<String> guarded = policy.getGuarded();
        require(
                guarded.size() <= MOST_GUARDED,
                "The gate guards " + guarded.size() + " languages, and " + MOST_GUARDED + " are the most.");
        for (String tag : guarded) {
            require(
                    Languages.isTag(tag),
                    "The gate guards a language '" + (tag.length() > 40 ? tag.substring(0, 40) + "..." : tag)
                            + "', which is no BCP 47 tag; write it like de or pt-BR.");
        }
        return policy;
    }

    private static void requireNotNegative(String name, double value) throws RejectedException {
        require(
                Double.isFinite(value) && value >= 0,
                "The gate's " + name + " is " + value
                        + "; give a finite number from 0 up: a difference of error rates, 0.02 being two points.");
    }

    private static void require(boolean holds, String message) throws RejectedException {
        if (!holds) {
            throw new RejectedException(RejectionCode.INVALID_EVENT, message);
        }
    }
}
