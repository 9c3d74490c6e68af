package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.console.ExitCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.schemas.Change;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import dev.koine.testkit.Updates;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever looks after a store in a folder needs no class of Flink: there is none on the class path here. */
class WithoutFlinkTest {
    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void keepABase() throws Exception {
        store = directory.resolve("store");
        LocalStore kept = LocalStore.open(store);
        Bundle base = kept.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("base"), target));
        ModelUpdate update = Updates.of("m", 0, base.digest(), Bundles.toAvro(base));
        update.setRecipe(Recipes.toAvro(Recipe.DEFAULT));
        update.getCause().setChange(Change.REGISTERED);
        new VersionRecords(kept.records()).put(update);
    }

    @Test
    void aStoreIsVerified() throws Exception {
        assertThat(koine("verify", "--store", store.toString())).contains("1 version: 0 problems");
    }

    @Test
    void aStoreIsSwept() throws Exception {
        assertThat(koine("gc", "--store", store.toString(), "--keep", "1", "--grace", "0 s"))
                .contains("Took away");
    }

    private static String koine(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", withoutFlink()));
        command.add(Koine.class.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isEqualTo(ExitCode.OK);
        return said;
    }

    private static String withoutFlink() {
        List<String> all = Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));
        List<String> left = all.stream()
                .filter(entry ->
                        !Path.of(entry).getFileName().toString().startsWith("flink-") && !entry.contains("flink-jobs"))
                .toList();
        assertThat(left).hasSizeLessThan(all.size() - 5);
        return String.join(File.pathSeparator, left);
    }
}
