package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.Recipe;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatePoliciesTest {
    private static final Bundle SET = new Bundle("file:///speech/", List.of());

    @Test
    void evaluationSetsAloneAreObserved() throws Exception {
        assertThat(GatePolicies.of(registration(model -> model.setEvaluationSets(List.of()))))
                .isNull();
        GatePolicy policy = GatePolicies.of(registration(model -> {}));
        assertThat(policy).isNotNull().isEqualTo(GatePolicies.defaults().build());
        assertThat(policy.getMode()).isEqualTo("OBSERVE");
        assertThat(policy.getConfidence()).isEqualTo(0.95);
    }

    @Test
    void aPolicyOfAnOlderProducerComparesAsMeasured() throws Exception {
        GatePolicy older = GatePolicy.newBuilder().build();
        GatePolicy policy = GatePolicies.of(registration(model -> model.setGate(older)));
        assertThat(policy).isNotNull().isEqualTo(older);
        assertThat(policy.getConfidence()).isZero();
    }

    @Test
    void whatHasToBeEvaluatedNeedsSpeech() {
        assertThat(refused(model -> {
                    model.setEvaluationSets(List.of());
                    model.setGate(GatePolicy.newBuilder().build());
                }))
                .hasMessageContaining("no evaluation set");
        assertThat(refused(model -> {
                    model.setEvaluationSets(List.of());
                    model.setRecipe(Recipe.newBuilder().setScaling("SEARCH").build());
                }))
                .hasMessageContaining("SEARCH");
        assertThat(refused(model -> model.setEvaluationSets(Collections.nCopies(101, SET))))
                .hasMessageContaining("101");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.01, Double.NaN, Double.POSITIVE_INFINITY})
    void thresholdsAreFiniteAndNotNegative(double value) {
        assertThat(refusedPolicy(policy -> policy.setMaxRegression(value))).hasMessageContaining("maxRegression");
        assertThat(refusedPolicy(policy -> policy.setMaxMeanRegression(value)))
                .hasMessageContaining("maxMeanRegression");
        assertThat(refusedPolicy(policy -> policy.setMinGain(value))).hasMessageContaining("minGain");
        assertThat(refusedPolicy(policy -> policy.setMaxDecline(value))).hasMessageContaining("maxDecline");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.95, 0.49, 0.9995, 1, 95, Double.NaN})
    void confidenceIsAShare(double value) {
        assertThat(refusedPolicy(policy -> policy.setConfidence(value))).hasMessageContaining("0.5 to 0.999");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1001})
    void theSampleIsBounded(int sample) {
        assertThat(refusedPolicy(policy -> policy.setSample(sample))).hasMessageContaining("1 to 1000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "deutsch!", "d", "a b", "-de", "de-"})
    void guardedLanguagesAreTags(String tag) {
        assertThat(refusedPolicy(policy -> policy.setGuarded(List.of("de", tag))))
                .hasMessageContaining("'" + tag + "'");
    }

    @Test
    void yardsticksAreKnownAndNamedOnce() throws Exception {
        GatePolicy both =
                GatePolicy.newBuilder().setAgainst(List.of("BEST", "BASE")).build();
        assertThat(GatePolicies.of(registration(model -> model.setGate(both)))).isEqualTo(both);
        assertThat(GatePolicies.defaults().build().getAgainst()).isEmpty();
        assertThat(GatePolicies.defaults().build().getMaxDecline()).isEqualTo(0.05);
        assertThat(refusedPolicy(policy -> policy.setAgainst(List.of("PARENT"))))
                .hasMessageContaining("[BASE, BEST]");
        assertThat(refusedPolicy(policy -> policy.setAgainst(List.of("BASE", "BASE"))))
                .hasMessageContaining("twice");
    }

    @Test
    void modesAreKnown() {
        assertThat(refusedPolicy(policy -> policy.setMode("enforce"))).hasMessageContaining("[OBSERVE, ENFORCE]");
    }

    private static RejectedException refusedPolicy(Consumer<GatePolicy> change) {
        return refused(model -> {
            GatePolicy policy = GatePolicy.newBuilder().build();
            change.accept(policy);
            model.setGate(policy);
        });
    }

    private static RejectedException refused(Consumer<ModelRegistration> change) {
        RejectedException refused =
                catchThrowableOfType(RejectedException.class, () -> GatePolicies.of(registration(change)));
        assertThat(refused.code()).isEqualTo(RejectionCode.INVALID_EVENT);
        return refused;
    }

    private static ModelRegistration registration(Consumer<ModelRegistration> change) {
        ModelRegistration registration = ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(SET)
                .setRecipe(Recipe.newBuilder().build())
                .setEvaluationSets(List.of(SET))
                .setTime(Instant.EPOCH)
                .build();
        change.accept(registration);
        return registration;
    }
}
