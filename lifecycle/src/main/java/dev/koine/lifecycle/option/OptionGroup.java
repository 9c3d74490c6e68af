package dev.koine.lifecycle.option;

/** What options have to do with, for whoever looks for one. */
public enum OptionGroup {
    KAFKA("Kafka and topics"),
    STORE("Store"),
    INTAKE("What is taken, and signatures"),
    COMPUTING("Computing"),
    QUARANTINE("Quarantine"),
    RETENTION("Retention");

    private final String title;

    OptionGroup(String title) {
        this.title = title;
    }

    /** A heading. */
    public String title() {
        return title;
    }
}
