package dev.koine.events.inband;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.BundleFile;
import dev.koine.schemas.ModelUpdate;

/** Hears what a {@link Relay} does, from its thread. */
public interface RelayListener {
    /**
     * All of a version that is to be sent is on the topic.
     *
     * @param chunks how many were not there before
     */
    default void onSent(ModelUpdate update, int chunks) {}

    /** A file of a version is left out, since it is larger than the limit: no service receives the version. */
    default void onLeftOut(ModelUpdate update, BundleFile file) {}

    /** A version, or a file of it, is not sent: it is signed by nobody who is trusted, or not at its place as it is listed. */
    default void onRefused(ModelUpdate update, RejectedException reason) {}

    /** Files that no kept version has were taken away from the topic. */
    default void onTakenAway(int files) {}

    /** Broker or store are away; it is tried again. */
    default void onTrouble(Exception cause) {}
}
