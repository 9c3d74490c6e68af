package dev.koine.sim.check;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.schemas.ModelUpdate;
import dev.koine.sim.check.Violation.Promise;
import dev.koine.sim.fault.Trace;
import dev.koine.sim.job.InputTopic;
import dev.koine.sim.job.SimJob;
import dev.koine.sim.script.Library;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/** Holds a history against the promises, while it goes on and at its end. */
public final class Checks {
    private final Outcomes outcomes = new Outcomes();
    private final List<Violation> violations = new ArrayList<>();
    private final RetentionPolicy policy;
    private final StoreView view;
    private final Path storeDirectory;
    private final InstantSource clock;
    private final Trace trace;

    /** @param policy that the store is kept by */
    public Checks(Path storeDirectory, RetentionPolicy policy, InstantSource clock, Trace trace) throws IOException {
        this.trace = trace;
        this.storeDirectory = storeDirectory;
        this.view = new StoreView(storeDirectory);
        this.policy = policy;
        this.clock = clock;
    }

    public List<Violation> violations() {
        return violations;
    }

    public Outcomes outcomes() {
        return outcomes;
    }

    /** Notes something that was seen elsewhere. */
    public void add(Promise promise, String what) {
        add(new Violation(promise, what));
    }

    private void add(Violation violation) {
        violations.add(violation);
        trace.add("** " + violation);
    }

    /** Notes what has become visible, and whether it is what it says. */
    public void visible(SpecificRecord outcome) {
        outcomes.add(outcome);
        if (!(outcome instanceof ModelUpdate update)) {
            return;
        }
        List<ModelUpdate> line = outcomes.updates(update.getModelId());
        boolean isNext = update.getVersion() == line.size() - 1;
        boolean hasParent = update.getVersion() == 0
                ? update.getParent() == null
                : update.getParent() != null && update.getParent() == update.getVersion() - 1;
        if (!isNext || !hasParent) {
            add(
                    Promise.GAPLESS,
                    name(update) + " with parent " + update.getParent() + " is number " + line.size()
                            + " of its model");
        }
        try {
            boolean isKept = isYoung(update) || isAmongNewest(update);
            if (isKept && !view.isRecorded(update)) {
                add(Promise.WHOLE, name(update) + " is announced and not on record");
            }
            if (isKept) {
                view.damage(update)
                        .ifPresent(damage -> add(Promise.WHOLE, name(update) + " is announced, and " + damage));
            }
        } catch (IOException e) {
            add(Promise.WHOLE, name(update) + " is announced, and the store does not answer: " + e.getMessage());
        }
    }

    private boolean isYoung(ModelUpdate update) {
        return update.getTime().isAfter(clock.instant().minus(policy.grace()));
    }

    private boolean isAmongNewest(ModelUpdate update) throws IOException {
        long newest = view.recorded(update.getModelId()).stream()
                .mapToLong(ModelUpdate::getVersion)
                .max()
                .orElse(0);
        return policy.versions() == 0 || update.getVersion() == 0 || update.getVersion() > newest - policy.versions();
    }

    /**
     * What was announced last, and what was announced lately, is whole and can be gone on from, whatever was collected. What a complete
     * checkpoint has counts as announced: it will be, whatever happens.
     */
    public void collected(SimJob job) throws IOException {
        for (ModelUpdate visible : outcomes.newest()) {
            long newest = Math.max(visible.getVersion(), job.newestComplete(visible.getModelId()));
            for (ModelUpdate update : outcomes.updates(visible.getModelId())) {
                boolean isKept = policy.versions() == 0
                        || update.getVersion() == 0
                        || update.getVersion() > newest - policy.versions()
                        || isYoung(update);
                if (isKept) {
                    view.damage(update)
                            .ifPresent(damage -> add(Promise.KEPT, name(update) + " is kept, and " + damage));
                    view.missing(update)
                            .forEach(missing -> add(Promise.KEPT, name(update) + " is kept, without " + missing));
                }
            }
            if (!violations.isEmpty()) {
                return;
            }
        }
    }

    /** Holds the outcomes against what was sent. */
    public void outcomes(
            SimJob job, List<InputTopic> topics, Reference reference, Library library, boolean signed, Duration grace)
            throws IOException, RejectedException {
        Map<String, InputTopic> byName = Map.of(
                topics.get(0).name(), topics.get(0),
                topics.get(1).name(), topics.get(1));
        Set<String> sent = new HashSet<>();
        for (InputTopic topic : topics) {
            for (int partition = 0; partition < topic.partitions(); partition++) {
                for (int offset = 0; offset < topic.partition(partition).size(); offset++) {
                    String position = topic.name() + "/" + partition + "/" + offset;
                    sent.add(position);
                    one(position, topic.partition(partition).get(offset));
                }
            }
        }
        outcomes.positions().stream()
                .filter(position -> !sent.contains(position))
                .forEach(position -> add(Promise.ONE_OUTCOME, position + " was never sent and has an outcome"));
        Oracle.Setting setting = new Oracle.Setting(reference, library, signed, policy.versions(), grace);
        for (String model : job.modelIds()) {
            new Oracle(byName, outcomes, setting, this::add).play(job.seen(model));
        }
    }

    private void one(String position, InputTopic.Sent sent) {
        List<SpecificRecord> found = outcomes.of(position);
        if (found.size() != 1) {
            add(Promise.ONE_OUTCOME, position + " has " + found.size() + " outcomes");
            return;
        }
        if (!sent.planned().isDecodable()) {
            String code = Outcomes.code(found.get(0)).orElse("a version");
            if (sent.planned().refusals().stream()
                    .noneMatch(refusal -> refusal.name().equals(code))) {
                add(
                        Promise.RIGHT_OUTCOME,
                        position + " is " + code + " and should be "
                                + sent.planned().refusals());
            }
        }
    }

    /**
     * After the last collection: nothing is left that nobody needs. Where the job was started again, and events that had their turns before
     * were refused then, the turns that nobody has any more count as running until the next events get them; until then nothing that was put
     * since is collected.
     */
    public void tidy(SimJob job) throws IOException {
        try (Stream<Path> aside = Files.list(storeDirectory.resolve("aside"))) {
            long left = aside.count();
            if (left > 0 && view.store().records().list("running").isEmpty()) {
                add(Promise.TIDY, left + " unfinished things are left");
            }
        }
        List<String> running = view.store().records().list("running");
        for (String name : running) {
            int slash = name.lastIndexOf('/');
            String model = name.substring("running/".length(), slash);
            if (Long.parseLong(name.substring(slash + 1)) < job.nextTurn(model)) {
                add(Promise.TIDY, "no merge runs, and the store has " + name);
            }
        }
        if (!running.isEmpty()) {
            return;
        }
        Set<String> needed = new HashSet<>();
        for (VersionRecords.Recorded version : new VersionRecords(view.store().records()).all()) {
            needed.addAll(view.needs(version.update()));
        }
        for (StoredArtifact artifact : view.store().list()) {
            if (!needed.contains(artifact.digest())) {
                add(Promise.TIDY, "nobody needs " + artifact.digest() + ", renewed at " + artifact.renewed());
            }
        }
    }

    private static String name(ModelUpdate update) {
        return "version " + update.getVersion() + " of " + update.getModelId();
    }
}
