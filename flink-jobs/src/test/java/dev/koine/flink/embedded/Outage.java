package dev.koine.flink.embedded;

import java.net.URI;

/** Reaches into the cluster of an embedded job, mostly to make it fail. */
public final class Outage {
    private Outage() {}

    /** Ends the cluster without a savepoint and with transactions open. */
    public static void crash(EmbeddedJob job) throws Exception {
        job.cluster().close();
    }

    /** Where the cluster's REST interface and web page are. */
    public static URI rest(EmbeddedJob job) throws Exception {
        return job.cluster().getRestAddress().get();
    }

    /** Ends the only TaskManager and starts another one. */
    public static void replaceTaskManager(EmbeddedJob job) throws Exception {
        job.cluster().terminateTaskManager(0).get();
        job.cluster().startTaskManager();
    }
}
