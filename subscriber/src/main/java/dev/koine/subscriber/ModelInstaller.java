package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.events.signature.Role;
import dev.koine.events.signature.Statement;
import dev.koine.events.signature.TrustedKeys;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Makes an announced version the serving one: fetch, verify, load beside the old one, swap. */
final class ModelInstaller<M extends AutoCloseable> {
    private final VersionFetch versions;
    private final BiConsumer<ModelUpdate, Fetched> told;
    private final VersionLoader<M> loader;
    private final ModelSlot<M> slot;
    private final LastServed lastServed;
    private final @Nullable ModelTrial trial;
    private final @Nullable TrustedKeys trusted;

    /**
     * @param told how versions came
     * @param trial of versions before they are loaded; null for none
     * @param trusted whose updates are taken; null for anybody's
     */
    ModelInstaller(
            VersionFetch versions,
            BiConsumer<ModelUpdate, Fetched> told,
            LastServed lastServed,
            VersionLoader<M> loader,
            ModelSlot<M> slot,
            @Nullable ModelTrial trial,
            @Nullable TrustedKeys trusted) {
        this.trial = trial;
        this.trusted = trusted;
        this.versions = versions;
        this.told = told;
        this.lastServed = lastServed;
        this.loader = loader;
        this.slot = slot;
    }

    /**
     * Returns when the version serves; if it throws, the one before goes on.
     *
     * @throws RejectedException if something is wrong with the version
     * @throws IOException if something is wrong here; worth another try
     */
    ServedVersion install(ModelUpdate update) throws IOException, RejectedException {
        Bundle bundle = Bundles.of(update);
        if (trusted != null) {
            trusted.require(update.getSignature(), Statement.of(update), Role.UPDATES);
        }
        Path directory = fetch(update, bundle);
        if (trial != null) {
            trial.require(directory);
        }
        M model = load(update, directory);
        ServedVersion version = new ServedVersion(update, directory, Instant.now());
        slot.swap(new SharedModel<>(model, version));
        lastServed.write(update);
        versions.served(update, directory);
        return version;
    }

    private Path fetch(ModelUpdate update, Bundle bundle) throws IOException, RejectedException {
        try {
            return versions.fetch(update, bundle, fetched -> told.accept(update, fetched));
        } catch (RejectedException e) {
            throw NotAsListedException.of(e);
        } catch (RuntimeException e) {
            RejectedException rejected = new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The bundle at " + bundle.uri() + " cannot be stored here: " + e
                            + ". Use plain file names, or start this service in a UTF-8 locale.");
            rejected.initCause(e);
            throw rejected;
        }
    }

    private M load(ModelUpdate update, Path directory) throws RejectedException, TroubleHereException {
        try {
            return Objects.requireNonNull(loader.load(update, directory), "The loader returned null");
        } catch (RejectedException | TroubleHereException e) {
            throw e;
        } catch (Throwable e) {
            RejectedException rejected = new RejectedException(
                    RejectionCode.NOT_LOADABLE,
                    "Version " + update.getVersion() + " of " + update.getModelId() + " does not load here: " + e
                            + ". Its files are whole; try them in this service's runtime from " + directory + ".");
            rejected.initCause(e);
            throw rejected;
        }
    }
}
