package dev.koine.cli.command;

import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.Logs;
import dev.koine.cli.demo.Demo;
import dev.koine.cli.folder.Folders;
import dev.koine.engine.file.TemporaryFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code koine demo}. */
@Command(
        name = "demo",
        description = {
            "Shows a speech model learn languages while it serves.",
            "Broker, merge job and speech service run in this process, experts arrive as Kafka events, and each version has its word",
            "error rates.",
            "A second model then shows what statistics of languages are worth, and a language that is protected."
        },
        footer = {"%nExample:", "  koine demo --report demo.json"})
public final class DemoCommand implements Callable<Integer>, Logs.Own {
    @Spec
    CommandSpec spec;

    @Option(
            names = "--dir",
            description = "Folder to work in; new or empty, kept afterwards (default: a temporary one).")
    @Nullable
    Path directory;

    @Option(names = "--report", paramLabel = "FILE", description = "Writes what was seen as JSON.")
    @Nullable
    Path report;

    @Option(
            names = "--python",
            paramLabel = "COMMAND",
            description = {
                "A Python with what clients/python needs (pip install ./clients/python): a service in it takes each version, too,",
                "and its digests are compared."
            })
    @Nullable
    String python;

    @Option(
            names = "--fixtures",
            paramLabel = "DIR",
            description =
                    "Folder with base, experts and held-out speech; beside it, a folder whisper with another base's and with speech for statistics (default: the repository's).",
            defaultValue = "${sys:koine.home:-.}/eval/fixtures/ctc")
    Path fixtures;

    @Override
    public Integer call() throws Exception {
        if (report != null) {
            Folders.requireWritable(report);
        }
        if (directory != null) {
            demonstrate(Folders.requireEmpty(directory));
            return ExitCode.OK;
        }
        try (TemporaryFolder folder = TemporaryFolder.create("koine-demo")) {
            try {
                demonstrate(folder.path());
            } catch (Exception e) {
                if (!isInterruption(e)) {
                    folder.keep();
                }
                throw e;
            }
        }
        return ExitCode.OK;
    }

    private void demonstrate(Path folder) throws Exception {
        Path log = folder.resolve("koine.log");
        Logs.to(log);
        try {
            new Demo(fixtures, folder, python, spec.commandLine().getOut()).run(report);
        } catch (Exception e) {
            if (Files.exists(log) && !isInterruption(e)) {
                spec.commandLine().getErr().printf("The log is %s.%n", log);
            }
            throw e;
        }
    }

    private static boolean isInterruption(Exception e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof InterruptedException || at instanceof InterruptException) {
                return true;
            }
        }
        return Thread.currentThread().isInterrupted();
    }
}
