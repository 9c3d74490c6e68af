package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code koine} in a checkout of its own, with a Java and a Maven that only say how they were called. */
@EnabledOnOs(OS.LINUX)
class LauncherTest {
    private static final Path SCRIPT = Path.of("..", "koine").toAbsolutePath().normalize();
    private static final String MAIN = "dev.koine.cli.Koine merge";
    private static final String VECTOR = "--add-modules jdk.incubator.vector";

    @TempDir
    Path directory;

    private Path home;
    private Path bin;

    private record Run(int code, String printed) {}

    @BeforeEach
    void makeACheckout() throws IOException, InterruptedException {
        home = Files.createDirectories(directory.resolve("a checkout"));
        bin = Files.createDirectories(directory.resolve("jre/bin"));
        for (String tool : List.of(
                "bash",
                "env",
                "dirname",
                "readlink",
                "find",
                "mkdir",
                "flock",
                "locale",
                "sleep",
                "tail",
                "cat",
                "rm",
                "mv",
                "cksum")) {
            tool(tool);
        }
        executable("java", "case $1 in --list-modules) echo java.base@17; exit;; esac; echo \"java $*\"");
        executable(
                "mvn",
                "mkdir -p cli/target/classes/dev/koine/cli cli/target/lib",
                "echo built >cli/target/classes/dev/koine/cli/Koine.class",
                "echo mvn >>mvn.log");
        Files.copy(SCRIPT, home.resolve("koine"));
        source("pom.xml", "<project/>");
        source("cli/pom.xml", "<project/>");
        source("cli/src/main/java/A.java", "class A {}");
        source("engine/src/main/java/B.java", "class B {}");
    }

    @Test
    void buildsOnceForTheSameSources() throws Exception {
        assertThat(koine().printed()).contains("Built Koine in", MAIN);
        assertThat(koine().printed()).doesNotContain("Build").contains(MAIN);
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void buildsAgainForOtherSources() throws Exception {
        koine();
        source("cli/src/main/java/A.java", "class Z {}");
        assertThat(koine().printed()).contains("Built Koine in");
        Files.delete(home.resolve("engine/src/main/java/B.java"));
        assertThat(koine().printed()).contains("Built Koine in");
        source("engine/src/main/java/C.java", "class C {}");
        assertThat(koine().printed()).contains("Built Koine in");
        assertThat(builds()).isEqualTo(4);
    }

    @Test
    void aCopyThatHasLostItsTimesIsNotBuiltAgain() throws Exception {
        koine();
        Path copy = directory.resolve("copy");
        Files.move(home, copy);
        home = copy;
        try (Stream<Path> files = Files.walk(copy)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.setLastModifiedTime(
                        file, FileTime.from(Instant.now().plusSeconds(file.endsWith(".built") ? 0 : 60)));
            }
        }
        assertThat(koine().printed()).doesNotContain("Build").contains(MAIN);
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aBuildWithoutItsSourcesRuns() throws Exception {
        koine();
        Path installed = directory.resolve("installed");
        Files.createDirectories(installed.resolve("cli"));
        Files.move(home.resolve("cli/target"), installed.resolve("cli/target"));
        Files.move(home.resolve("koine"), installed.resolve("koine"));
        home = installed;
        Files.delete(bin.resolve("mvn"));
        Run run = koine();
        assertThat(run.code()).isZero();
        assertThat(run.printed()).doesNotContain("koine:").contains(MAIN);
    }

    @Test
    void anUnpackedArchiveRunsItsOwnJarsAndBuildsNothing() throws Exception {
        Path archive = directory.resolve("koine-1.0.0");
        Files.createDirectories(archive.resolve("lib"));
        home = Files.createDirectories(archive.resolve("bin"));
        Files.copy(SCRIPT, home.resolve("koine"));
        Files.delete(bin.resolve("mvn"));
        Run run = koine();
        assertThat(run.code()).as(run.printed()).isZero();
        assertThat(run.printed())
                .doesNotContain("koine:", "Build")
                .contains("-Dkoine.home=" + archive, "-cp " + archive + "/lib/* " + MAIN);
    }

    @Test
    void withoutMavenTheBuildThatIsThereRunsAndIsNamed() throws Exception {
        koine();
        Files.delete(bin.resolve("mvn"));
        source("cli/src/main/java/A.java", "class Other {}");
        Run run = koine();
        assertThat(run.code()).isZero();
        assertThat(run.printed()).contains("no mvn on the PATH", "That build is run", MAIN);
    }

    @Test
    void whatCannotBeBuiltIsASentence() throws Exception {
        Files.delete(bin.resolve("mvn"));
        Run noMaven = koine();
        assertThat(noMaven.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(noMaven.printed().strip().lines()).hasSize(1).allMatch(line -> line.contains("no mvn on the PATH"));

        executable("mvn", "exit 1");
        source("cli/target", "in the way, as a file system that may not be written to");
        Run readOnly = koine();
        assertThat(readOnly.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(readOnly.printed().strip().lines()).hasSize(1).allMatch(line -> line.contains("may not be written"));
    }

    @Test
    void whatABuildThatFailsLeavesBehindIsNotRun() throws Exception {
        koine();
        source("cli/src/main/java/A.java", "class {");
        executable("mvn", "echo 'A.java: no name'", "exit 1");
        Run failed = koine();
        assertThat(failed.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(failed.printed())
                .contains("the build failed", "A.java: no name")
                .doesNotContain(MAIN);
        Files.delete(bin.resolve("mvn"));
        assertThat(koine().code()).isEqualTo(ExitCode.TROUBLE);
    }

    @Test
    void theVectorModuleIsTakenFromWhatTheRuntimeSays() throws Exception {
        assertThat(koine().printed()).doesNotContain(VECTOR);
        Files.writeString(
                directory.resolve("jre/release"),
                "JAVA_VERSION=\"25.0.3\"\nMODULES=\"java.base jdk.incubator.vector jdk.zipfs\"\n");
        assertThat(koine().printed()).contains(VECTOR);
        Files.writeString(directory.resolve("jre/release"), "JAVA_VERSION=\"21.0.8\"\nMODULES=\"java.base\"\n");
        assertThat(koine().printed()).doesNotContain(VECTOR);
        Files.delete(directory.resolve("jre/release"));
        executable(
                "java",
                "case $1 in --list-modules) echo java.base@25; echo jdk.incubator.vector@25; exit;; esac; echo \"java $*\"");
        assertThat(koine().printed()).contains(VECTOR);
    }

    @Test
    void anOldJavaIsASentence() throws Exception {
        Files.writeString(directory.resolve("jre/release"), "JAVA_VERSION=\"11.0.2\"\n");
        Run run = koine();
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.printed()).contains("is Java 11.0.2", "17 or newer");
    }

    private Run koine() throws IOException, InterruptedException {
        Path printed = directory.resolve("printed");
        ProcessBuilder builder = new ProcessBuilder(home.resolve("koine").toString(), "merge")
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        Process process = builder.start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        return new Run(process.exitValue(), Files.readString(printed));
    }

    private long builds() throws IOException {
        try (Stream<String> lines = Files.lines(home.resolve("mvn.log"))) {
            return lines.count();
        }
    }

    private void source(String path, String text) throws IOException {
        Path file = home.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private void executable(String name, String... lines) throws IOException {
        Path file = bin.resolve(name);
        Files.writeString(file, "#!/usr/bin/env bash\n" + String.join("\n", lines) + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private void tool(String name) throws IOException {
        for (String folder : List.of("/usr/bin", "/bin", "/usr/local/bin")) {
            Path tool = Path.of(folder, name);
            if (Files.isExecutable(tool)) {
                Files.writeString(bin.resolve(name), "#!/bin/sh\nexec " + tool + " \"$@\"\n");
                assertThat(bin.resolve(name).toFile().setExecutable(true)).isTrue();
                return;
            }
        }
    }
}
