package dev.koine.flink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PieceSet;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.StoredPlan;
import dev.koine.flink.state.Turn;
import dev.koine.flink.state.WaitingEvent;
import dev.koine.lifecycle.plan.PlanStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the job keeps in savepoints and checkpoints is read by every later job: a folder below {@code state/} a released version. */
class StateSchemasTest {
    private static final Path STATE = Path.of("src", "test", "resources", "state");

    static Stream<Class<? extends SpecificRecord>> records() {
        return Stream.of(
                InboundEvent.class,
                WaitingEvent.class,
                Turn.class,
                PieceSet.class,
                PrunedPiece.class,
                PruneTaskMessage.class,
                StoredPlan.class);
    }

    @ParameterizedTest
    @MethodSource("records")
    void everyReleasedStateIsReadByTheCurrentOne(Class<? extends SpecificRecord> type) throws Exception {
        assertThat(released(type)).isNotEmpty().allSatisfy(released -> assertThat(
                        SchemaCompatibility.checkReaderWriterCompatibility(current(type), released)
                                .getType())
                .as("%s no longer reads what is in savepoints; give new fields a default, keep old ones", type)
                .isEqualTo(SchemaCompatibilityType.COMPATIBLE));
    }

    @ParameterizedTest
    @MethodSource("records")
    void theCurrentStateIsOnRecord(Class<? extends SpecificRecord> type) throws Exception {
        assertThat(released(type))
                .extracting(SchemaNormalization::toParsingForm)
                .as("%s has changed: put its schema, self-contained, into the next folder below %s", type, STATE)
                .contains(SchemaNormalization.toParsingForm(current(type)));
    }

    /** Plans lie in the store in single-object encoding: there a reader has to be given the older schemas. */
    @Test
    void plansAreReadInEverySchemaThatTheyHad() throws Exception {
        List<Schema> read = new ArrayList<>(PlanStore.olderSchemas());
        read.add(current(StoredPlan.class));
        assertThat(released(StoredPlan.class))
                .as("StoredPlan has changed: add its last schema to those that PlanStore reads")
                .extracting(SchemaNormalization::toParsingForm)
                .containsExactlyInAnyOrderElementsOf(
                        read.stream().map(SchemaNormalization::toParsingForm).toList());
    }

    private static Schema current(Class<? extends SpecificRecord> type) {
        return SpecificData.get().getSchema(type);
    }

    private static List<Schema> released(Class<? extends SpecificRecord> type) throws Exception {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(STATE)) {
            files = tree.filter(file -> file.endsWith(type.getSimpleName() + ".avsc"))
                    .sorted()
                    .toList();
        }
        List<Schema> schemas = new ArrayList<>();
        for (Path file : files) {
            schemas.add(new Schema.Parser().parse(file.toFile()));
        }
        return schemas;
    }
}
