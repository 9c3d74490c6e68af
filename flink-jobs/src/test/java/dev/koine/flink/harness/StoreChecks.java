package dev.koine.flink.harness;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.LocalStore;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.history.StoreCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Looks over the store that a harness has left in a directory. */
public final class StoreChecks {
    private StoreChecks() {}

    /** What is wrong with it; every version is made again, also from its experts. */
    public static List<String> problems(Path directory) throws Exception {
        List<String> problems = new ArrayList<>();
        LocalStore store = LocalStore.open(directory.resolve("store"));
        try (WorkPool pool = new WorkPool(1)) {
            new StoreCheck(store, Files.createTempDirectory(directory, "check"), pool, Progress.NONE, problems::add)
                    .run(true);
        }
        return problems;
    }

    /** Takes away all that versions do not refer to. */
    public static Retention.Swept sweep(Path directory) throws Exception {
        RetentionPolicy policy = new RetentionPolicy(0, Duration.ZERO, true, Duration.ZERO);
        return new Retention(LocalStore.open(directory.resolve("store")), policy)
                .sweep(Instant.now().plusSeconds(3600), false, Progress.NONE);
    }
}
