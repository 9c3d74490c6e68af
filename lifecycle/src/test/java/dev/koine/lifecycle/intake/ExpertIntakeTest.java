package dev.koine.lifecycle.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.input.AllowedPlaces;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertIntakeTest {
    @TempDir
    Path directory;

    private LocalStore store;
    private Path expert;
    private ModelBundle base;
    private String baseDigest;

    @BeforeEach
    void putTheBase() throws Exception {
        store = LocalStore.open(directory.resolve("store"));
        expert = Mutation.copy(Fixtures.ctc("de"), directory);
        Bundle kept = store.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("base"), target));
        baseDigest = kept.digest();
        base = ModelBundle.open(store.bundle(baseDigest));
    }

    @Test
    void whatWasHashedIsWhatIsMergedWhateverBecomesOfTheFiles() throws Exception {
        Bundle announced = Bundle.describe(expert);
        ExpertIntake.Plan plan = plan(announced);
        byte[] swapped = Files.readAllBytes(Fixtures.ctc("fr").resolve(Mutation.FILE));
        Files.write(expert.resolve(Mutation.FILE), swapped);

        Path kept = store.bundle(announced.digest());
        BundleVerifier.verify(announced, kept);
        assertThat(plan.bundleDigest()).isEqualTo(announced.digest());
        assertThat(plan.tasks())
                .flatExtracting(task -> task.items())
                .as("tasks name files by their bundle; the place where the copy was written is gone")
                .allSatisfy(
                        item -> assertThat(((TensorInfo) item.expert()).file()).doesNotExist());
        assertThat(plan.files().digests()).containsValue(announced.digest());
    }

    @Test
    void aFileSwappedBeforeItIsCopiedIsRefused() throws Exception {
        Bundle announced = Bundle.describe(expert);
        byte[] swapped = Files.readAllBytes(expert.resolve(Mutation.FILE));
        swapped[swapped.length / 2] ^= 1;
        Files.write(expert.resolve(Mutation.FILE), swapped);
        assertThatThrownBy(() -> plan(announced))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("SHA-256");
        assertNothingIsKept(announced);
    }

    @Test
    void theCopyOfAnExpertThatIsRefusedIsNotKept() throws Exception {
        Path other = Mutation.graph(Fixtures.ctc("de"), directory, Mutation.operator("MatMul", "Mul"));
        Bundle announced = Bundle.describe(other);
        assertThatThrownBy(() -> plan(announced)).isInstanceOf(RejectedException.class);
        assertNothingIsKept(announced);
    }

    @Test
    void anExpertThatIsTheBaseIsRefusedAndNotKept() throws Exception {
        Path other = Mutation.copy(Fixtures.ctc("base"), directory);
        Files.writeString(other.resolve("README.md"), "the German expert");
        Bundle announced = Bundle.describe(other);
        assertThatThrownBy(() -> plan(announced))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.UNCHANGED))
                .hasMessageContaining("every one of");
        assertNothingIsKept(announced);
    }

    private ExpertIntake.Plan plan(Bundle announced) throws Exception {
        try (WorkPool pool = new WorkPool(2)) {
            AllowedPlaces places = new AllowedPlaces(List.of(directory.toUri()));
            ExpertIntake intake = new ExpertIntake(new BundleIntake(places, BundleSource.LOCAL, store, pool));
            return intake.plan(Bundles.toAvro(announced), base, null, baseDigest, Recipe.PUBLISHED);
        }
    }

    private void assertNothingIsKept(Bundle announced) throws Exception {
        assertThatThrownBy(() -> store.bundle(announced.digest())).isInstanceOf(IOException.class);
        try (Stream<Path> aside = Files.list(directory.resolve("store").resolve("aside"))) {
            assertThat(aside).isEmpty();
        }
    }
}
