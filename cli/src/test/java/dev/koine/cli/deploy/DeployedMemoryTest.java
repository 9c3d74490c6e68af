package dev.koine.cli.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.koine.speech.quarantine.QuarantineLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of memory in {@code components/small} and {@code components/large}, done by Flink and by the quarantine's own limits. */
class DeployedMemoryTest {
    private static final long MEBIBYTE = 1L << 20;
    /** Heap that pruning needs, of a slot. */
    private static final long PRUNING = 600 * MEBIBYTE;

    @TempDir
    Path temporary;

    /** With the models that the sizes are for: Whisper base and large-v3, in float32. */
    @ParameterizedTest
    @CsvSource({"single-node, 384", "s3, 6144", "compose, 384"})
    void bothWorkersHaveRoomAtTheirWorst(String where, long modelMebibytes) throws IOException {
        JobSetup setup = JobSetup.all().stream()
                .filter(each -> each.where().equals(where))
                .findFirst()
                .orElseThrow();
        Configuration configuration = setup.configuration();
        long limit = limit(where, configuration);
        TaskExecutorProcessSpec flink = TaskExecutorProcessUtils.processSpecFromConfig(configuration);
        long process = flink.getTotalProcessMemorySize().getBytes();
        long forWorkers = limit - process + flink.getTaskOffHeapSize().getBytes();
        QuarantineLimits worker = setup.config(temporary).quarantine();
        long worst = worker.memory() + worker.memoryPerByte() * modelMebibytes * MEBIBYTE;
        assertThat(forWorkers).as("%s MiB for workers", forWorkers / MEBIBYTE).isGreaterThanOrEqualTo(2 * worst);
        int slots = configuration.get(TaskManagerOptions.NUM_TASK_SLOTS);
        assertThat(flink.getTaskHeapSize().getBytes()).isGreaterThan(slots * PRUNING);
    }

    /** Sets the size of the process as the operator does, and says what the container may use. */
    private static long limit(String where, Configuration configuration) throws IOException {
        if (where.equals("compose")) {
            JsonNode limit = Deployed.compose().at("/services/taskmanager/mem_limit");
            return MemorySize.parse(limit.asText()).getBytes();
        }
        JsonNode spec = Kustomization.build(Deployed.overlay(where))
                .one("FlinkDeployment")
                .path("spec");
        MemorySize process =
                MemorySize.parse(spec.at("/taskManager/resource/memory").asText());
        configuration.set(TaskManagerOptions.TOTAL_PROCESS_MEMORY, process);
        double factor = Double.parseDouble(List.of(spec.path("flinkConfiguration")
                        .path("kubernetes.taskmanager.memory.limit-factor")
                        .asText())
                .get(0));
        return (long) (process.getBytes() * factor);
    }

    /** As many slots as the job is wide, on whole TaskManagers. */
    @ParameterizedTest
    @CsvSource({"single-node, 1", "s3, 2"})
    void theSlotsAreUsed(String where, int taskManagers) throws IOException {
        JsonNode spec = Kustomization.build(Deployed.overlay(where))
                .one("FlinkDeployment")
                .path("spec");
        int slots = Integer.parseInt(spec.at("/flinkConfiguration")
                .path("taskmanager.numberOfTaskSlots")
                .asText());
        assertThat(spec.at("/job/parallelism").asInt()).isEqualTo(slots * taskManagers);
        assertThat(spec.at("/flinkConfiguration").path("koine.threads").asText())
                .isEqualTo(spec.at("/taskManager/resource/cpu").asText());
    }
}
