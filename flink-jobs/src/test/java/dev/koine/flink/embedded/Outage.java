package dev.koine.flink.embedded;

/** Makes the cluster of an embedded job fail. */
public final class Outage {
    private Outage() {}

    /** Ends the cluster without a savepoint and with transactions open. */
    public static void crash(EmbeddedJob job) throws Exception {
        job.cluster().close();
    }

    /** Ends the only TaskManager and starts another one. */
    public static void replaceTaskManager(EmbeddedJob job) throws Exception {
        job.cluster().terminateTaskManager(0).get();
        job.cluster().startTaskManager();
    }
}
