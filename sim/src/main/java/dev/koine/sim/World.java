package dev.koine.sim;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.StoreCheck;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.sim.check.Checks;
import dev.koine.sim.check.Outcomes;
import dev.koine.sim.check.StoreView;
import dev.koine.sim.check.Violation.Promise;
import dev.koine.sim.fault.Crash;
import dev.koine.sim.fault.SimClock;
import dev.koine.sim.fault.Trace;
import dev.koine.sim.job.Action;
import dev.koine.sim.job.Parts;
import dev.koine.sim.job.SimJob;
import dev.koine.sim.job.Site;
import dev.koine.sim.script.Script;
import dev.koine.sim.store.SimDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A world that one seed decides: producers, the job, its store, and everything that goes wrong. At any moment one of those does something; which
 * one is drawn. Others may come in between at any operation of the store, where in production threads and processes would.
 */
public final class World {
    private static final int MOST_STEPS = 6000;
    private static final int MOST_CALM_STEPS = 6000;
    private static final int MOST_CALM_TROUBLES = 2;
    private static final int MOST_ATTEMPTS = 100;
    private static final int MOST_NESTED = 2;
    private static final int BURSTS_EVERY = 6;
    private static final int BURSTS_WHILE_COLLECTING = 2;
    private static final int LONGEST_BURST = 40;
    private static final String COLLECTOR = "collector";
    private static final int STORE_CHECKED_EVERY = 10;

    private final long seed;
    private final Lab lab;
    private final Random random;
    private final Temper temper;
    private final SimClock clock = new SimClock();
    private final Trace trace;
    private final Mischief mischief;
    private final Path root;
    private final Site site;
    private final Producers producers;
    private final Checks checks;
    private final Set<String> busy = new HashSet<>();
    private final Set<String> failed = new HashSet<>();
    private @Nullable SimJob job;
    private @Nullable IOException trouble;
    private int steps;
    private int calmTroubles;

    private World(long seed, Lab lab, Parts parts, Consumer<String> listener) throws IOException, RejectedException {
        this.seed = seed;
        this.lab = lab;
        random = new Random(seed);
        temper = Temper.draw(random);
        trace = new Trace(listener);
        mischief = new Mischief(temper, random, clock, trace, this::others);
        root = lab.newWorld();
        Path places = Files.createDirectory(root.resolve("places"));
        SimDisk disk = new SimDisk(root, clock, mischief);
        mischief.setDisk(disk);
        site = new Site(
                root,
                List.of(lab.library().directory().toUri(), places.toUri()),
                disk,
                clock,
                mischief,
                lab.library(),
                temper.signed() ? new Signatures(true, lab.library().trusted(), null) : Signatures.OFF,
                temper.retention(),
                temper.patience(),
                parts);
        producers = new Producers(Script.write(random, lab.library(), places, temper.signed()), clock);
        Files.createDirectories(site.storeDirectory().resolve("aside"));
        checks = new Checks(site.storeDirectory(), temper.retention(), clock, trace);
    }

    /**
     * Runs the history of a seed.
     *
     * @param parts what the job is built of
     * @param listener hears each step
     */
    public static History run(long seed, Lab lab, Parts parts, Consumer<String> listener)
            throws IOException, RejectedException {
        World world = new World(seed, lab, parts, listener);
        try {
            return world.run();
        } finally {
            FileTree.delete(world.root);
        }
    }

    private History run() throws IOException, RejectedException {
        trace.add("seed " + seed + ": " + temper);
        try {
            start();
            while (steps < MOST_STEPS && (producers.haveMore() || steps < temper.leastSteps())) {
                step();
            }
            mischief.end();
            trace.add("nothing goes wrong any more");
            calmDown();
            finish();
        } catch (Stuck stuck) {
            checks.add(Promise.LIVE, String.valueOf(stuck.getMessage()));
        } catch (RuntimeException defect) {
            checks.add(
                    Promise.LIVE,
                    "the job meets a defect: " + defect + " at "
                            + Stream.of(defect.getStackTrace()).limit(5).toList());
        } finally {
            if (job != null) {
                job.stop(false);
                job.killLate();
            }
        }
        int versions = checks.outcomes().newest().stream()
                .mapToInt(update -> (int) update.getVersion() + 1)
                .sum();
        return new History(
                seed, steps, producers.count(), versions, mischief.counts(), trace.end(), checks.violations());
    }

    /** The job does not go on. */
    private static final class Stuck extends Exception {
        private static final long serialVersionUID = 1L;

        Stuck(String message) {
            super(message);
        }
    }

    private SimJob job() {
        if (job == null) {
            throw new IllegalStateException("the job has not started");
        }
        return job;
    }

    private void step() throws IOException, Stuck {
        List<Action> actions = new ArrayList<>(job().actions());
        addOwn(actions);
        Action chosen = choose(actions);
        clock.pass(Duration.ofMillis(random.nextInt(100)));
        boolean losesContact = false;
        try {
            perform(chosen);
            losesContact = mischief.betweenSteps();
        } catch (Crash crash) {
            fall(crash);
            return;
        }
        if (trouble != null || losesContact) {
            startAgain(losesContact || random.nextBoolean());
        }
    }

    private Action choose(List<Action> actions) {
        int total = actions.stream().mapToInt(this::weight).sum();
        int drawn = random.nextInt(total);
        for (Action action : actions) {
            drawn -= weight(action);
            if (drawn < 0) {
                return action;
            }
        }
        throw new IllegalStateException("no action was drawn");
    }

    private int weight(Action action) {
        if (temper.ambushes() > 0 && action.kind() == Action.Kind.COLLECT) {
            return busy.isEmpty() ? 0 : temper.ambushes();
        }
        return temper.weights().getOrDefault(action.kind(), 1);
    }

    /**
     * Does something; trouble is noted, for the job to start again when whoever is in the middle of something has ended. Whoever had it does nothing
     * more until then.
     */
    private void perform(Action action) {
        steps++;
        trace.add(steps + " " + clock.millis() + " " + mischief.operations() + " " + action.actor() + ": "
                + action.what());
        busy.add(action.actor());
        try {
            action.step().run();
        } catch (IOException e) {
            trace.add("   trouble: " + e.getClass().getSimpleName());
            trouble = e;
            failed.add(action.actor());
        } finally {
            busy.remove(action.actor());
        }
    }

    private void others() {
        boolean isBurst = random.nextInt(busy.contains(COLLECTOR) ? BURSTS_WHILE_COLLECTING : BURSTS_EVERY) == 0;
        int most = isBurst ? 1 + random.nextInt(LONGEST_BURST) : 1;
        for (int i = 0; i < most && busy.size() <= MOST_NESTED && job != null; i++) {
            List<Action> actions = new ArrayList<>(job().actions());
            addOwn(actions);
            actions.removeIf(action -> busy.contains(action.actor()) || failed.contains(action.actor()));
            if (actions.isEmpty()) {
                return;
            }
            trace.add("   meanwhile");
            perform(choose(actions));
        }
    }

    private void addOwn(List<Action> actions) {
        producers.addActions(actions);
        boolean isMidway = busy.stream()
                .anyMatch(actor -> actor.startsWith("intake") || actor.startsWith("prune") || actor.startsWith("head"));
        boolean isUp = trouble == null && job().isUp();
        if (isUp && !job().isCheckpointing() && !isMidway) {
            actions.add(
                    new Action("coordinator", "begin a checkpoint", Action.Kind.CHECKPOINT, () -> job().checkpoint()));
        }
        if (isUp && job().isCheckpointing()) {
            actions.add(
                    new Action("coordinator", "complete the checkpoint", Action.Kind.COMPLETE, () -> job().complete()));
            actions.add(new Action("coordinator", "give the checkpoint up", Action.Kind.ABORT, () -> job().abort()));
        }
        if (temper.retention().versions() > 0) {
            actions.add(new Action(COLLECTOR, "collect", Action.Kind.COLLECT, this::collect));
        }
        actions.add(new Action("clock", "time passes", Action.Kind.TIME, this::letTimePass));
        producers.addVanishing(actions);
    }

    private void letTimePass() {
        clock.pass(Duration.ofMillis(random.nextInt(random.nextInt(10) == 0 ? 200_000 : 3000)));
    }

    /** As the job's housekeeping does, and {@code koine gc}: trouble is left for the next time. */
    private void collect() throws IOException {
        try {
            sweep();
        } catch (IOException e) {
            trace.add("   not collected: " + e.getClass().getSimpleName());
            if (mischief.isOver()) {
                throw e;
            }
        }
        checks.collected(job());
    }

    private void sweep() throws IOException {
        new Retention(site.parts().collected(site.openStore()), site.parts().retention(temper.retention()))
                .sweep(clock.instant(), false, Progress.NONE);
    }

    private void start() throws IOException, Stuck {
        while (job == null) {
            clock.pass(Duration.ofSeconds(1));
            try {
                job = new SimJob(site, producers.models(), producers.experts(), this::visible, random);
            } catch (Crash crash) {
                site.disk().revive();
                if (crash.losesPower()) {
                    site.disk().losePower(random);
                }
            } catch (IOException e) {
                noteTrouble(e);
            }
        }
    }

    private void visible(SpecificRecord outcome) {
        String position = Outcomes.position(outcome).getTopic() + "/"
                + Outcomes.position(outcome).getPartition() + "/"
                + Outcomes.position(outcome).getOffset();
        trace.add("   " + position + " -> "
                + (outcome instanceof ModelUpdate update
                        ? update.getModelId() + " version " + update.getVersion() + " " + update.getDigest()
                        : ((Rejection) outcome).getCode()));
        checks.visible(outcome);
    }

    /** Every process is dead; perhaps power was lost, too. */
    private void fall(Crash crash) throws IOException, Stuck {
        busy.clear();
        job().stop(false);
        job().killLate();
        if (crash.losesPower()) {
            site.disk().losePower(random);
        } else {
            site.disk().stampAside();
        }
        site.disk().revive();
        trouble = null;
        restart();
    }

    /** Flink starts the job again, while processes live. */
    private void startAgain(boolean someGoOn) throws IOException, Stuck {
        if (trouble != null) {
            noteTrouble(trouble);
        }
        job().stop(someGoOn);
        restart();
    }

    private void restart() throws IOException, Stuck {
        failed.clear();
        for (int attempt = 1; ; attempt++) {
            clock.pass(Duration.ofMillis(random.nextInt(20_000)));
            if (attempt > MOST_ATTEMPTS) {
                mischief.end();
            }
            try {
                trace.add("   the job starts from its last checkpoint");
                trouble = null;
                job().start();
                return;
            } catch (IOException e) {
                noteTrouble(e);
            } catch (Crash crash) {
                busy.clear();
                job().killLate();
                if (crash.losesPower()) {
                    site.disk().losePower(random);
                }
                site.disk().revive();
            }
        }
    }

    private void noteTrouble(IOException found) throws Stuck {
        trouble = null;
        if (mischief.isOver() && ++calmTroubles > MOST_CALM_TROUBLES) {
            throw new Stuck("nothing goes wrong any more, and the job still fails with " + found);
        }
    }

    private void calmDown() throws IOException, Stuck {
        int bound = steps + MOST_CALM_STEPS;
        while (true) {
            List<Action> actions = job().actions();
            if (actions.isEmpty() && job().timers().isEmpty()) {
                return;
            }
            if (actions.isEmpty()) {
                clock.passUntil(
                        job().timers().stream().mapToLong(time -> time).min().orElseThrow());
                continue;
            }
            if (steps > bound) {
                throw new Stuck("after " + MOST_CALM_STEPS + " steps in which nothing went wrong there is still to do: "
                        + actions.stream().map(Action::what).toList());
            }
            perform(choose(actions));
            if (trouble != null) {
                startAgain(false);
            }
        }
    }

    private void finish() throws IOException, RejectedException, Stuck {
        job().checkpoint();
        job().complete();
        calmDown();
        checks.outcomes(
                job(),
                List.of(producers.models(), producers.experts()),
                lab.reference(),
                lab.library(),
                temper.signed(),
                temper.patience());
        clock.pass(temper.retention().grace().plus(Duration.ofMinutes(20)));
        sweep();
        checks.collected(job());
        checks.tidy(job());
        if (Math.floorMod(seed, STORE_CHECKED_EVERY) == 0) {
            Path work = Files.createDirectory(root.resolve("check"));
            new StoreCheck(
                            new StoreView(site.storeDirectory()).store(),
                            work,
                            WorkPool.inCaller(),
                            Progress.NONE,
                            problem -> checks.add(Promise.KEPT, problem))
                    .run(false);
        }
    }
}
