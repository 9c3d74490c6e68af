package dev.koine.lifecycle.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.events.Recipes;
import dev.koine.flink.state.InboundEvent;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.CombineTerm;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventsTest {
    @Test
    void notesTheModelIdAsSoonAsItIsKnown() throws Exception {
        InboundEvent good = inbound(retract(event -> {}));
        assertThat(Events.expert(good).getExpertId()).isEqualTo("de");
        assertThat(good.getModelId()).isEqualTo("m");
        InboundEvent bad = inbound(retract(event -> event.setExpertId("")));
        refused(bad);
        assertThat(bad.getModelId()).isEqualTo("m");
    }

    @Test
    void settlesARecipeThatIsLeftOutAndPassesOthersOnAsTheyCame() throws Exception {
        EventCodec<ModelRegistration> codec = EventCodec.of(ModelRegistration.class);
        ModelRegistration leftOut = ModelRegistration.newBuilder()
                .setModelId("m")
                .setBase(new Bundle("file:///base/", List.of()))
                .setTime(Instant.ofEpochMilli(1))
                .build();
        InboundEvent event = inbound(codec.encode(leftOut));
        ModelRegistration registration = Events.registration(event);
        InboundEvent settled = Events.settleRecipe(event, registration);
        assertThat(registration.getRecipe()).isEqualTo(Recipes.toAvro(Recipe.DEFAULT));
        assertThat(Events.registration(settled)).isEqualTo(registration);
        assertThat(Events.registration(event)).isEqualTo(leftOut);
        assertThat(Events.settleRecipe(settled, registration)).isSameAs(settled);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "-de", "a/b", "a b", "ü", "a\nb", "a:b"})
    void refusesIdsThatAreNoNames(String id) {
        assertThat(refused(inbound(retract(event -> event.setModelId(id)))))
                .hasMessageContainingAll("modelId '" + id + "'", "1 to 128");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.0, Double.NaN, Double.POSITIVE_INFINITY})
    void refusesWeightsThatAddNothingDefined(double weight) {
        RejectedException refused = refused(inbound(retract(event -> {
            event.setAction(ExpertAction.MERGE);
            event.setBundle(new Bundle("file:///de/", List.of()));
            event.setWeight(weight);
        })));
        assertThat(refused).hasMessageContaining("weight is " + weight);
    }

    @Test
    void anExpertIsABundleOrACombination() throws Exception {
        assertThat(Events.expert(inbound(combination(new CombineTerm("es", 0.7), new CombineTerm("ca", -0.3))))
                        .getCombine())
                .hasSize(2);
        assertThat(refused(inbound(combination()))).hasMessageContaining("has none");
        ExpertEvent both = combination(new CombineTerm("es", 0.7));
        both.setBundle(new Bundle("file:///de/", List.of()));
        assertThat(refused(inbound(both))).hasMessageContaining("has both");
    }

    @Test
    void refusesCombinationsThatMeanNothing() {
        assertThat(refused(inbound(combination(new CombineTerm("es", 0.0)))))
                .hasMessageContainingAll("'es'", "0.0", "other than 0");
        assertThat(refused(inbound(combination(new CombineTerm("es", Double.NaN)))))
                .hasMessageContaining("NaN");
        assertThat(refused(inbound(combination(new CombineTerm("es", 1.0), new CombineTerm("es", 2.0)))))
                .hasMessageContaining("'es' twice");
        assertThat(refused(inbound(combination(new CombineTerm("e s", 1.0))))).hasMessageContaining("of a term");
        assertThat(refused(inbound(combination(new CombineTerm("de", 1.0))))).hasMessageContaining("from itself");
        assertThat(refused(inbound(combination(IntStream.range(0, 65)
                        .mapToObj(i -> new CombineTerm("e" + i, 1.0))
                        .toArray(CombineTerm[]::new)))))
                .hasMessageContaining("64 are the most");
    }

    private static ExpertEvent combination(CombineTerm... terms) {
        return retract(event -> {
            event.setAction(ExpertAction.MERGE);
            event.setCombine(List.of(terms));
        });
    }

    @Test
    void refusesActionsOfALaterVersion() {
        assertThat(refused(inbound(retract(event -> event.setAction(ExpertAction.UNKNOWN)))))
                .hasMessageContaining("upgrade the job");
    }

    @Test
    void cutsAnEndlessIdInTheMessage() {
        RejectedException refused = refused(inbound(retract(event -> event.setModelId("x".repeat(100_000)))));
        assertThat(refused.getMessage()).hasSizeLessThan(400);
    }

    private static RejectedException refused(InboundEvent event) {
        RejectedException refused = catchThrowableOfType(RejectedException.class, () -> Events.expert(event));
        assertThat(refused.code()).isEqualTo(RejectionCode.INVALID_EVENT);
        return refused;
    }

    private static ExpertEvent retract(Consumer<ExpertEvent> change) {
        ExpertEvent event = ExpertEvent.newBuilder()
                .setAction(ExpertAction.RETRACT)
                .setModelId("m")
                .setExpertId("de")
                .setTime(Instant.EPOCH)
                .build();
        change.accept(event);
        return event;
    }

    private static InboundEvent inbound(ExpertEvent event) {
        return inbound(EventCodec.of(ExpertEvent.class).encode(event));
    }

    private static InboundEvent inbound(byte[] value) {
        return InboundEvent.newBuilder()
                .setTopic("koine.experts")
                .setPartition(0)
                .setOffset(0)
                .setTimestamp(0)
                .setValue(ByteBuffer.wrap(value))
                .build();
    }
}
