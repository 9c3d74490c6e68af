package dev.koine.flink.harness;

import java.util.Set;

/** Flink's own metrics that dashboards and alert rules are built upon, by the names that its reporter for Prometheus gives them. */
public final class FlinkMetrics {
    public static final Set<String> NAMES = Set.of(
            "flink_jobmanager_numRunningJobs",
            "flink_jobmanager_numRegisteredTaskManagers",
            "flink_jobmanager_job_numRestarts",
            "flink_jobmanager_job_numberOfCompletedCheckpoints",
            "flink_jobmanager_job_numberOfFailedCheckpoints",
            "flink_jobmanager_job_lastCheckpointDuration",
            "flink_jobmanager_job_lastCheckpointSize",
            "flink_taskmanager_job_task_busyTimeMsPerSecond",
            "flink_taskmanager_job_task_backPressuredTimeMsPerSecond",
            "flink_taskmanager_job_task_operator_pendingRecords",
            "flink_taskmanager_Status_JVM_Memory_Heap_Used",
            "flink_taskmanager_Status_JVM_Memory_Heap_Max",
            "flink_taskmanager_Status_JVM_CPU_Load");

    private FlinkMetrics() {}
}
