package dev.koine.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.TroubleHereException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlacingTest {
    private static final Patience ONE_TRY = Patience.within(Duration.ZERO);

    @TempDir
    private Path directory;

    private final List<ModelUpdate> updates = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private Predicate<Occasion> isWell = occasion -> true;
    private VersionsFolder folder;
    private Placing placing;

    @BeforeEach
    void open() throws Exception {
        for (int version = 0; version < 3; version++) {
            updates.add(Texts.update(directory, version));
        }
        folder = VersionsFolder.open(directory.resolve("served"), 3, Optional.empty());
        restart();
    }

    private void restart() throws Exception {
        Step tell =
                occasion -> told.add(occasion.type() + " " + occasion.version().version());
        Step health = occasion -> {
            if (!isWell.test(occasion)) {
                throw new Step.StepFailedException("It does not answer.");
            }
        };
        placing = new Placing(folder, List.of(tell, health), ONE_TRY);
    }

    @AfterEach
    void close() throws Exception {
        folder.close();
    }

    private Placed load(long version) throws Exception {
        ModelUpdate update = updates.get((int) version);
        return placing.load(update, Texts.files(update));
    }

    @Test
    void leadsTellsAndAsks() throws Exception {
        load(0);
        load(1);
        assertThat(told).containsExactly("version.current 0", "version.current 1");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 1");
    }

    @Test
    void goesBackAndTellsWhereTheVersionIsToBlame() throws Exception {
        load(0);
        isWell = occasion -> occasion.version().version() != 1;
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> load(1))
                .withMessageContainingAll("It does not answer.", "With version 0", "it works");
        assertThat(told).containsExactly("version.current 0", "version.current 1", "version.back 0");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0");
        assertThat(directory.resolve("served/versions/1")).doesNotExist();
        load(2);
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 2");
    }

    @Test
    void blamesNoVersionForAServerThatIsDown() throws Exception {
        load(0);
        isWell = occasion -> false;
        assertThatExceptionOfType(TroubleHereException.class)
                .isThrownBy(() -> load(1))
                .withMessageContaining("it is no better");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0");
        told.clear();
        assertThatExceptionOfType(TroubleHereException.class).isThrownBy(() -> load(1));
        assertThat(told).as("the link does not go to and fro").containsExactly("version.back 0");
        isWell = occasion -> true;
        load(1);
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 1");
    }

    @Test
    void theFirstVersionHasNobodyToBlameItOn() throws Exception {
        isWell = occasion -> false;
        assertThatExceptionOfType(TroubleHereException.class)
                .isThrownBy(() -> load(0))
                .withMessageContaining("There is no other version to go back to.");
        assertThat(Texts.read(directory.resolve("served")))
                .as("what is whole may be read")
                .isEqualTo("version 0");
        isWell = occasion -> true;
        load(0);
        assertThat(told).containsExactly("version.current 0", "version.current 0");
    }

    @Test
    void aStartKnowsWhatWasCurrent() throws Exception {
        load(0);
        restart();
        assertThat(placing.unfinished()).isEmpty();
        isWell = occasion -> occasion.version().version() != 1;
        assertThatExceptionOfType(RejectedException.class).isThrownBy(() -> load(1));
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0");
    }

    @Test
    void aFolderThatCannotBeWrittenIsTroubleHere() throws Exception {
        ModelUpdate update = Texts.update(directory, 1);
        assertThatExceptionOfType(TroubleHereException.class)
                .isThrownBy(() -> placing.load(update, directory.resolve("nowhere")))
                .withMessageContaining("The folder cannot be written");
    }

    @Test
    void whereAStepCannotBeTakenHereWhatWasCurrentStays() throws Exception {
        load(0);
        AtomicBoolean isFull = new AtomicBoolean(true);
        Step tell =
                occasion -> told.add(occasion.type() + " " + occasion.version().version());
        Step health = occasion -> {
            if (isFull.get()) {
                throw new IOException("No space left on device");
            }
        };
        placing = new Placing(folder, List.of(tell, health), ONE_TRY);
        told.clear();
        assertThatExceptionOfType(TroubleHereException.class)
                .isThrownBy(() -> load(1))
                .withMessageContaining("No space left on device");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0");
        isFull.set(false);
        load(1);
        assertThat(told).containsExactly("version.current 1", "version.back 0", "version.current 1");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 1");
    }

    /** What the link was left at was never well: nothing is measured by it. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aStartGoesBackToWhatWorkedNotToWhatWasBeingTried(long newest) throws Exception {
        load(0);
        isWell = occasion -> {
            throw new IllegalStateException("killed");
        };
        assertThatIllegalStateException().isThrownBy(() -> load(1));
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 1");
        assertThat(placing.unfinished()).isEmpty();
        restart();
        assertThat(placing.unfinished()).map(Placed::version).contains(1L);
        isWell = occasion -> occasion.version().version() == 0;
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> load(newest))
                .withMessageContaining("With version 0");
        assertThat(Texts.read(directory.resolve("served"))).isEqualTo("version 0");
    }
}
