package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.ModelUpdate;

/** Hears what becomes of announced versions. Called on the subscriber's thread, which waits; exceptions are logged. */
public interface SubscriberListener {
    /** Hears nothing. */
    SubscriberListener NONE = new SubscriberListener() {};

    /**
     * Broker, store or disk give trouble. It is tried again for as long as it lasts, and told each time.
     *
     * @param what cannot be done, in a few words
     */
    default void onTrouble(String what, Throwable cause) {}

    /** The version is here, and not in the cache from before; it is tried and loaded next. */
    default void onFetched(ModelUpdate update, Fetched how) {}

    /** The version serves from now on. */
    default void onServed(ServedVersion version) {}

    /**
     * The version was refused and the one before goes on.
     *
     * @param reason what is wrong with it and what to do; NOT_LOADABLE where the loader threw
     */
    default void onRejected(ModelUpdate update, RejectedException reason) {}
}
