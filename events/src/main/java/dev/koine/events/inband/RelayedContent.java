package dev.koine.events.inband;

/** What of a version is sent. */
public enum RelayedContent {
    /** The files of the version. */
    BUNDLES,
    /** What a service needs that computes the version itself: the base, and what its task vectors consist of; where an update does not say that, the files of the version. */
    PATCHES,
    /** Both. */
    ALL
}
