package dev.koine.follower;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.TroubleHereException;
import dev.koine.subscriber.VersionLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a version the current one: its files beside the others, the link, the steps. Where a step fails, the link and all steps go back to the version before; that one
 * decides who is to blame. Is it well, the newer version is refused; is it not, or cannot a step be taken here, as where the disk is full, the trouble is not the version's, and it is tried again.
 */
final class Placing implements VersionLoader<Placed> {
    private static final Logger LOG = LoggerFactory.getLogger(Placing.class);

    private final VersionsFolder folder;
    private final List<Step> steps;
    private final Patience patience;
    private final Optional<Placed> unfinished;
    private @Nullable Placed serving;
    private @Nullable String trouble;

    Placing(VersionsFolder folder, List<Step> steps, Patience patience) throws IOException {
        this.folder = folder;
        this.steps = List.copyOf(steps);
        this.patience = patience;
        Optional<Placed> worked = folder.lastThatWorked();
        this.serving = worked.orElse(null);
        this.unfinished = folder.current()
                .filter(led -> worked.isPresent() && !worked.get().equals(led));
    }

    /** What the link led to at the start though another version worked last: it was being tried when the owner before ended. */
    Optional<Placed> unfinished() {
        return unfinished;
    }

    @Override
    public Placed load(ModelUpdate update, Path directory) throws RejectedException, TroubleHereException {
        try {
            requireWellBefore();
            Placed placed = folder.place(update, directory);
            Optional<String> failure = triedFirst(placed);
            if (failure.isPresent()) {
                goBack(placed, failure.get());
            }
            folder.noteWorked(placed);
            serving = placed;
            folder.prune(placed);
            return placed;
        } catch (TroubleHereException e) {
            throw e;
        } catch (IOException e) {
            throw new TroubleHereException("The folder cannot be written: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TroubleHereException("It was told to end.", e);
        }
    }

    /** While the server is not well with what it had before, the link does not go to and fro. */
    private void requireWellBefore() throws IOException, InterruptedException {
        @Nullable String last = trouble;
        if (last != null && serving != null) {
            Optional<String> still = tried(new Occasion(serving, last));
            if (still.isPresent()) {
                throw new TroubleHereException(still.get());
            }
        }
        trouble = null;
    }

    /** Where it cannot be said whether the version is well, what was current before stays. */
    private Optional<String> triedFirst(Placed placed) throws IOException, InterruptedException {
        @Nullable Placed before = serving;
        try {
            return tried(new Occasion(placed, null));
        } catch (IOException e) {
            if (before != null && !before.directory().equals(placed.directory())) {
                trouble = String.valueOf(e.getMessage());
                leadBack(before, e);
            }
            throw e;
        }
    }

    private void leadBack(Placed before, IOException why) {
        try {
            folder.lead(before);
        } catch (IOException e) {
            why.addSuppressed(e);
        }
    }

    private void goBack(Placed placed, String failure) throws RejectedException, IOException, InterruptedException {
        @Nullable Placed before = serving;
        if (before == null || before.directory().equals(placed.directory())) {
            throw new TroubleHereException(failure + " There is no other version to go back to.");
        }
        LOG.warn("Back to version {}: {}", before.version(), failure);
        Optional<String> other = tried(new Occasion(before, failure));
        if (other.isPresent()) {
            trouble = failure;
            throw new TroubleHereException(failure + " With version " + before.version()
                    + ", which was current before, it is no better: " + other.get());
        }
        folder.remove(placed.directory());
        throw new RejectedException(
                RejectionCode.NOT_LOADABLE,
                failure + " With version " + before.version()
                        + ", which was current before, it works, and that is current again. Try version "
                        + placed.version() + " in a server apart.");
    }

    /** What did not work; empty where all did. */
    private Optional<String> tried(Occasion occasion) throws IOException, InterruptedException {
        folder.lead(occasion.version());
        try {
            patience.take(steps, occasion);
            return Optional.empty();
        } catch (Step.StepFailedException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
