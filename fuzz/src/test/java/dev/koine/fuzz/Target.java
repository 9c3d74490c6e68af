package dev.koine.fuzz;

import dev.koine.speech.ModelJsonTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A fuzz target and its seeds. */
enum Target {
    EVENT(EventTarget.class, EventTarget::fuzzerTestOneInput),
    ONNX(OnnxTarget.class, OnnxTarget::fuzzerTestOneInput),
    SAFETENSORS(SafetensorsTarget.class, SafetensorsTarget::fuzzerTestOneInput),
    CHECKPOINT(CheckpointTarget.class, CheckpointTarget::fuzzerTestOneInput),
    SHARD_INDEX(ShardIndexTarget.class, ShardIndexTarget::fuzzerTestOneInput),
    ADAPTER(AdapterTarget.class, AdapterTarget::fuzzerTestOneInput),
    ADAPTER_CONFIG(AdapterConfigTarget.class, AdapterConfigTarget::fuzzerTestOneInput),
    TASK_VECTOR(TaskVectorTarget.class, TaskVectorTarget::fuzzerTestOneInput),
    OWN_TERM(OwnTermTarget.class, OwnTermTarget::fuzzerTestOneInput),
    LANGUAGE_TABLE(LanguageTableTarget.class, LanguageTableTarget::fuzzerTestOneInput),
    STATISTICS(StatisticsTarget.class, StatisticsTarget::fuzzerTestOneInput),
    MANIFEST(ManifestTarget.class, ManifestTarget::fuzzerTestOneInput),
    RULES(RulesTarget.class, RulesTarget::fuzzerTestOneInput),
    EVALUATION_SET(EvaluationSetTarget.class, EvaluationSetTarget::fuzzerTestOneInput),
    MODEL_JSON(ModelJsonTarget.class, ModelJsonTarget::fuzzerTestOneInput),
    WORKER(WorkerTarget.class, WorkerTarget::fuzzerTestOneInput);

    private static final Path RESOURCES = Path.of("src", "test", "resources", "seeds");

    private final Class<?> type;
    private final Body body;

    Target(Class<?> type, Body body) {
        this.type = type;
        this.body = body;
    }

    /** What is done with bytes. */
    @FunctionalInterface
    interface Body {
        void run(byte[] data) throws IOException;
    }

    String className() {
        return type.getName();
    }

    void run(byte[] data) throws IOException {
        body.run(data);
    }

    /** Patterns of an adapter's configuration are compiled as they are: what does not compile, or looks too long, is refused. */
    String disabledHooks() {
        return this == ADAPTER_CONFIG ? "com.code_intelligence.jazzer.sanitizers.RegexInjection" : "";
    }

    /** The folder with its seeds and past findings. */
    Path seeds() {
        return RESOURCES.resolve(name().toLowerCase(java.util.Locale.ROOT)).toAbsolutePath();
    }

    List<Path> seedFiles() throws IOException {
        try (Stream<Path> files = Files.list(seeds())) {
            return files.sorted().toList();
        }
    }
}
