package dev.koine.lifecycle.metric;

/** What a metric is counted in. Seconds and bytes stand in the names, as Prometheus recommends. */
public enum MetricUnit {
    SECONDS("seconds", "_seconds"),
    BYTES("bytes", "_bytes"),
    EVENTS("events", ""),
    VERSIONS("versions", ""),
    NUMBER("a number", ""),
    ELEMENTS("elements", "");

    private final String words;
    private final String suffix;

    MetricUnit(String words, String suffix) {
        this.words = words;
        this.suffix = suffix;
    }

    /** For readers. */
    public String words() {
        return words;
    }

    /** What names end in, but for {@code _total}; empty where the unit stands in none. */
    public String suffix() {
        return suffix;
    }
}
