package dev.koine.sim.job;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.sim.fault.Interruptions;
import dev.koine.sim.fault.SimClock;
import dev.koine.sim.script.Library;
import dev.koine.sim.store.SimDisk;
import dev.koine.sim.store.SimStore;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Where a job runs, and how it is set up.
 *
 * @param root directory of this world
 * @param allowed places that bundles may come from
 * @param unknownModelGrace how long an expert waits for its model's registration
 * @param parts what the job is built of
 */
public record Site(
        Path root,
        List<URI> allowed,
        SimDisk disk,
        SimClock clock,
        Interruptions interruptions,
        Library library,
        Signatures signatures,
        RetentionPolicy retention,
        Duration unknownModelGrace,
        Parts parts) {
    public Site {
        allowed = List.copyOf(allowed);
    }

    /** The store, for whoever runs here. */
    public ArtifactStore openStore() throws IOException {
        LocalStore store = LocalStore.open(storeDirectory(), Runnable::run, parts.disk(disk));
        return parts.store(new SimStore(store, interruptions), clock);
    }

    /** The directory of the store. */
    public Path storeDirectory() {
        return root.resolve("store");
    }
}
