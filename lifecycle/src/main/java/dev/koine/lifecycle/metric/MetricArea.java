package dev.koine.lifecycle.metric;

/** What metrics are about: the first part of their names, and a heading for readers. */
public enum MetricArea {
    EVENT("event", "Events"),
    QUEUE("queue", "Events that wait"),
    VERSION("version", "Versions"),
    PRUNE("prune", "Pruning"),
    GATE("gate", "The gate"),
    STORE("store", "The store");

    private final String key;
    private final String title;

    MetricArea(String key, String title) {
        this.key = key;
        this.title = title;
    }

    /** In names. */
    public String key() {
        return key;
    }

    /** A heading. */
    public String title() {
        return title;
    }
}
