package dev.koine.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user downloads: what is inside, and that it starts. */
class ReleasedFilesITCase {
    private static final String SHADED = "dev/koine/shaded/";

    @Test
    void theJobsJarMeetsNothingThatAClusterHas() throws Exception {
        try (JarFile jar = new JarFile(Released.jobJar().toFile())) {
            List<String> classes = jar.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.endsWith(".class"))
                    .toList();
            assertThat(classes)
                    .allMatch(name -> name.startsWith("dev/koine/")
                            || name.startsWith("org/apache/flink/formats/avro/")
                            || name.startsWith("com/github/luben/zstd/"))
                    .contains(
                            "dev/koine/flink/MergeJob.class",
                            SHADED + "org/apache/kafka/clients/producer/KafkaProducer.class",
                            SHADED + "org/apache/flink/connector/kafka/sink/KafkaSink.class");
            assertThat(jar.getManifest().getMainAttributes().getValue(Attributes.Name.MAIN_CLASS))
                    .isEqualTo("dev.koine.flink.MergeJob");
            assertThat(jar.stream().map(ZipEntry::getName))
                    .doesNotContain("META-INF/services/org.apache.flink.table.factories.Factory");
        }
    }

    @Test
    void theJobsJarNamesWhatItIsMadeOf() throws Exception {
        try (JarFile jar = new JarFile(Released.jobJar().toFile())) {
            assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License");
            assertThat(text(jar, "META-INF/NOTICE"))
                    .contains("Koine", "kafka-clients", "flink-avro", "Avro", "Jackson", "Commons Codec", "zstd-jni");
            assertThat(text(jar, "META-INF/licenses/zstd-jni.txt")).contains("Redistribution and use");
        }
    }

    @Test
    void theArchivesCommandStartsWithAJavaRuntimeAlone(@TempDir Path directory) throws Exception {
        assertThat(run(List.of("tar", "-xzf", Released.archive().toString(), "-C", directory.toString())))
                .isEmpty();
        Path home =
                directory.resolve(Released.archive().getFileName().toString().replace(".tar.gz", ""));
        String command = home.resolve("bin/koine").toString();
        assertThat(run(List.of(command, "--version"))).matches("koine \\S+\\s+");
        assertThat(run(List.of(command, "merge", "--help"))).contains("Usage: koine merge");
        assertThat(home.resolve("plugins/s3-fs-hadoop")).isDirectoryContaining("glob:**/flink-s3-fs-hadoop-*.jar");
        assertThat(home).isDirectoryContaining("glob:**/LICENSE").isDirectoryContaining("glob:**/NOTICE");
    }

    private static String text(JarFile jar, String entry) throws IOException {
        return new String(
                jar.getInputStream(Objects.requireNonNull(jar.getEntry(entry), entry))
                        .readAllBytes(),
                StandardCharsets.UTF_8);
    }

    private static String run(List<String> line) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("PATH", "/usr/bin:/bin");
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(printed).isZero();
        return printed;
    }
}
