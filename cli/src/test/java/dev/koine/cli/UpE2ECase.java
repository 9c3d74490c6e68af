package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.QuickJvm;
import dev.koine.testkit.TrainedForms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code koine up} in a JVM of its own, stopped, killed and started again, and used as from another terminal. */
@Timeout(1800)
class UpE2ECase {
    /** As long as those of Flink's TaskManagers: more than 4096 bytes killed a process that loads ONNX Runtime 1.29.0. */
    private static final String LONG_COMMAND_LINE = "-Dpadding=" + "x".repeat(8192);

    private static final Pattern BROKER = Pattern.compile("Broker: (\\S+)\\.");

    @TempDir
    Path directory;

    @Test
    void goesOnAfterAStopAndAfterAKill() throws Exception {
        try (Server server = Server.start(directory)) {
            assertThat(server.send("register", "--model", "ctc", fixture("base"))
                            .code())
                    .isEqualTo(ExitCode.OK);
            CommandLineRun ca =
                    server.send("submit", "--model", "ctc", "--expert", "ca", "--language", "ca", fixture("ca"));
            assertThat(ca.out()).contains("Version 1 of ctc: sha256:");
            aFolderFollows(server);
            whatTrainingLeftComesInAndGoesOut(server);
            languagesAreProtected(server);
            assertThat(server.stop()).isTrue();
        }
        try (Server server = Server.start(directory)) {
            CommandLineRun again = server.send("submit", "--model", "ctc", "--expert", "ca", fixture("ca"));
            assertThat(again.code()).isEqualTo(ExitCode.REJECTED);
            assertThat(again.out()).contains("DUPLICATE");
            CommandLineRun de = server.send(
                    "submit", "--model", "ctc", "--expert", "de", "--statistics", statistics("de"), fixture("de"));
            assertThat(de.out()).contains("Version 2 ", "The statistics were passed over: ctc is merged by COMPACT");
            server.kill();
        }
        try (Server server = Server.start(directory)) {
            assertThat(server.send("retract", "--model", "ctc", "--expert", "de")
                            .out())
                    .contains("Version 3 ");
            CommandLineRun history = server.koine("history", "--model", "ctc");
            assertThat(history.out())
                    .contains("registered", "merged ca r1", "merged de r1", "retracted de r1", "DUPLICATE");
            assertThat(history.out().lines().filter(line -> line.matches("[0-9]+ .*")))
                    .hasSize(4);
            CommandLineRun verify = server.koine("verify", "--model", "ctc");
            assertThat(verify.out()).contains("4 of 4 versions are good.");
            assertThat(verify.code()).isEqualTo(ExitCode.OK);
            CommandLineRun status = server.koine("status");
            assertThat(status.out()).contains("job       is running since", "models    3, with 11 versions", "GB free");
            assertThat(status.code()).isEqualTo(ExitCode.OK);
            aFaultIsToldWhereAPersonLooks(server);
        }
    }

    /** From folders that the job may not read, by way of a place where it may. */
    /** Killed in between, with a command that tells and a question whether all is well. */
    private void aFolderFollows(Server server) throws Exception {
        Path served = directory.resolve("served");
        Path told = directory.resolve("told");
        for (int start = 0; start < 2; start++) {
            int starts = start;
            Process follower = java(
                            directory.resolve("followed"),
                            "follow",
                            "--model",
                            "ctc",
                            "--bootstrap-servers",
                            server.broker(),
                            "--service",
                            "behind-a-folder",
                            "--exec",
                            "echo $KOINE_EVENT $KOINE_VERSION $KOINE_FOLDER >> '" + told + "'",
                            "--health",
                            "test -f '" + served + "/current/model.onnx'",
                            served.toString())
                    .start();
            try {
                await(() -> Files.exists(told) && Files.readAllLines(told).size() > starts);
                await(() -> server.koine("services").out().contains("behind-a-folder"));
            } finally {
                follower.destroyForcibly().waitFor();
            }
        }
        String line = "version.current 1 " + served.resolve("versions").resolve("1");
        assertThat(told).as(Files.readString(directory.resolve("followed"))).hasContent(line + "\n" + line);
        assertThat(server.koine("services").out()).containsPattern("behind-a-folder +ctc +1 .* alive");
        assertThat(server.koine("history", "--model", "ctc").out()).contains("behind-a-folder");
        assertThat(served.resolve("current").resolve("model.onnx").toRealPath())
                .isEqualTo(served.resolve("versions/1/model.onnx").toRealPath());
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 900 && !condition.call(); i++) {
            Thread.sleep(200);
        }
    }

    private void whatTrainingLeftComesInAndGoesOut(Server server) throws Exception {
        Path base = Fixtures.ctc("base");
        Path checkpoint = TrainedForms.checkpoint(base, base, directory.resolve("trained/base"));
        Path expert = HubCache.snapshot(
                directory, "de", TrainedForms.checkpoint(base, Fixtures.ctc("de"), directory.resolve("trained/de")));
        String places = directory.resolve("places").toString();
        assertThat(server.send(
                                "register",
                                "--model",
                                "trained",
                                "--checkpoint",
                                checkpoint.toString(),
                                "--upload",
                                places,
                                fixture("base"))
                        .out())
                .contains("Version 0 of trained: sha256:");
        assertThat(server.send("submit", "--model", "trained", "--expert", "de", "--upload", places, expert.toString())
                        .out())
                .contains("Version 1 of trained: sha256:");
        Path of0 = directory.resolve("hf-0");
        assertThat(export(server, "hf", of0, "--model-version", "0").out()).contains(", 0 of them changed");
        assertThat(of0.resolve("model.safetensors")).hasSameBinaryContentAs(checkpoint.resolve("model.safetensors"));
        Path of1 = directory.resolve("hf-1");
        assertThat(export(server, "hf", of1).out()).contains("Version 1 of trained: ", " bytes in 1 file");
        assertThat(of1.resolve("README.md")).content().contains("de");
        aFolderFollowsInTheFormOf(of1, server);
        assertThat(export(server, "peft", directory.resolve("peft"), "--expert", "de")
                        .out())
                .contains("An adapter of rank 32 for ");
        assertThat(export(server, "peft", directory.resolve("none"), "--expert", "xx")
                        .err())
                .contains("NOT_MERGED", "there are: de.");
    }

    private void aFolderFollowsInTheFormOf(Path exported, Server server) throws Exception {
        Path served = directory.resolve("served-hf");
        Path printed = directory.resolve("followed-hf");
        String store = directory.resolve("koine/store").toString();
        Process follower = java(
                        printed,
                        "follow",
                        "--model",
                        "trained",
                        "--form",
                        "hf",
                        "--store",
                        store,
                        "--bootstrap-servers",
                        server.broker(),
                        served.toString())
                .start();
        try {
            await(() -> Files.exists(served.resolve("versions/1")) && Files.exists(served.resolve("current")));
        } finally {
            follower.destroyForcibly().waitFor();
        }
        Path current = served.resolve("current");
        for (String file : List.of("model.safetensors", "README.md")) {
            assertThat(current.resolve(file))
                    .as(Files.readString(printed))
                    .hasSameBinaryContentAs(exported.resolve(file));
        }
        assertThat(server.koine(
                                "follow",
                                "--model",
                                "ctc",
                                "--form",
                                "hf",
                                "--store",
                                store,
                                directory.resolve("none").toString())
                        .err())
                .contains("registered without the checkpoint");
    }

    private void languagesAreProtected(Server server) throws Exception {
        String places = directory.resolve("places").toString();
        assertThat(server.send(
                                "register",
                                "--model",
                                "weighed",
                                "--protect",
                                "fr=" + statistics("fr"),
                                "--upload",
                                places,
                                fixture("base"))
                        .out())
                .contains("Version 0 of weighed: sha256:", "Version 1 of weighed: sha256:");
        CommandLineRun ca = server.send(
                "submit",
                "--model",
                "weighed",
                "--expert",
                "ca",
                "--statistics",
                statistics("ca"),
                "--upload",
                places,
                fixture("ca"));
        assertThat(ca.out()).contains("Version 2 of weighed: sha256:");
        assertThat(protect(server, "de", places, "--weight", "0.5").out()).contains("Version 3 of weighed: sha256:");
        assertThat(protect(server, "es", places, "--weight", "0").err()).contains("give a finite number over 0");
        assertThat(server.send("protect", "--model", "weighed", "--language", "es")
                        .err())
                .contains("give their folder with --statistics");
        assertThat(server.koine("history", "--model", "weighed").out()).contains("ca de(protected) fr(protected)");
        assertThat(server.send("retract", "--model", "weighed", "--expert", "de")
                        .out())
                .contains("Version 4 of weighed: sha256:");
        assertThat(server.koine("card", "--model", "weighed").out())
                .contains("nothing: a language that is protected, weighed by statistics `sha256:");
    }

    private CommandLineRun protect(Server server, String language, String places, String... more) {
        return server.send(Stream.concat(
                        Stream.of(
                                "protect",
                                "--model",
                                "weighed",
                                "--language",
                                language,
                                "--statistics",
                                statistics(language),
                                "--upload",
                                places),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    private String statistics(String language) {
        Path out = directory.resolve("statistics-" + language);
        if (!Files.exists(out)) {
            CommandLineRun run = CommandLineRun.koine(
                    "statistics",
                    "--base",
                    fixture("base"),
                    "--features",
                    Fixtures.CTC.resolve("evaluation").resolve(language).toString(),
                    "--language",
                    language,
                    "--utterances",
                    "3",
                    "--rank",
                    "8",
                    "--out",
                    out.toString());
            assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        }
        return out.toString();
    }

    private CommandLineRun export(Server server, String format, Path out, String... more) {
        return server.koine(Stream.concat(
                        Stream.of("export", "--model", "trained", "--format", format, "--out", out.toString()),
                        Stream.concat(
                                Stream.of(
                                        "--store",
                                        directory.resolve("koine/store").toString()),
                                Stream.of(more)))
                .toArray(String[]::new));
    }

    /** The store's artifacts are a file for a while. */
    private void aFaultIsToldWhereAPersonLooks(Server server) throws Exception {
        Path artifacts = directory.resolve("koine/store/artifacts");
        Path aside = directory.resolve("aside");
        Files.move(artifacts, aside);
        Files.writeString(artifacts, "in the way");
        server.koine("submit", "--model", "ctc", "--expert", "fr", "--wait", "0", fixture("fr"));
        await(() -> Files.readString(server.printed()).contains("The merge job has failed and starts again"));
        CommandLineRun sent = server.koine("submit", "--model", "ctc", "--expert", "it", "--wait", "12", fixture("it"));
        assertThat(sent.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(sent.out()).contains("No answer yet after 10 s. The merge job is restarting since", "artifacts");
        assertThat(sent.err()).contains("within 12 s. The merge job is restarting since", "artifacts");
        CommandLineRun status = server.koine("status");
        assertThat(status.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(status.out())
                .contains("job       is restarting since", "artifacts", "nothing has become yet: 2, the oldest since");
        assertThat(Files.readString(server.printed()))
                .contains("The merge job has failed and starts again: The file system refuses", "artifacts");
        Files.delete(artifacts);
        Files.move(aside, artifacts);
        assertThat(server.send("submit", "--model", "ctc", "--expert", "es", fixture("es"))
                        .out())
                .contains("Version 6 ");
    }

    private static String fixture(String name) {
        return Fixtures.ctc(name).toString();
    }

    /** The command in a JVM of its own. */
    private static ProcessBuilder java(Path printed, String... args) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-Dlog4j2.configurationFile=log4j2.xml",
                LONG_COMMAND_LINE,
                "-cp",
                System.getProperty("java.class.path"),
                "dev.koine.cli.Koine"));
        words.addAll(1, QuickJvm.options());
        words.addAll(List.of(args));
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(printed.toFile()));
    }

    /** A running {@code koine up}. */
    private record Server(Process process, String broker, Path printed) implements AutoCloseable {
        static Server start(Path directory) throws IOException, InterruptedException {
            Path printed = directory.resolve("printed-" + System.nanoTime());
            Process process = java(
                            printed,
                            "up",
                            "--dir",
                            directory.resolve("koine").toString(),
                            "--port",
                            "0",
                            "--allow",
                            Fixtures.CTC.toString(),
                            "--allow",
                            Files.createDirectories(directory.resolve("places")).toString())
                    .start();
            for (int i = 0; i < 3000 && process.isAlive(); i++) {
                Matcher broker = BROKER.matcher(Files.readString(printed));
                if (broker.find()) {
                    return new Server(process, broker.group(1), printed);
                }
                Thread.sleep(100);
            }
            process.destroyForcibly();
            throw new IOException("koine up does not come up: " + Files.readString(printed));
        }

        CommandLineRun send(String... args) {
            return koine(
                    Stream.concat(Stream.of(args), Stream.of("--wait", "300")).toArray(String[]::new));
        }

        CommandLineRun koine(String... args) {
            return CommandLineRun.koine(Stream.concat(Stream.of(args), Stream.of("--bootstrap-servers", broker))
                    .toArray(String[]::new));
        }

        boolean stop() throws InterruptedException {
            process.destroy();
            return process.waitFor(5, TimeUnit.MINUTES);
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        @Override
        public void close() throws InterruptedException {
            kill();
        }
    }
}
