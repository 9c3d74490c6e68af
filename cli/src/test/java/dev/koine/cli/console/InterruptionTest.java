package dev.koine.cli.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@DisabledOnOs(OS.WINDOWS)
@Timeout(300)
class InterruptionTest {

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aCommandEndsBeforeTheJvmDoes(String signal) throws Exception {
        requireHeard(signal);
        Process process = start("obliging");
        signal(process, signal, signal);
        assertThat(rest(process)).containsExactly("interrupted, shutdown has begun: false", "ended", "hook");
        assertThat(process.waitFor()).isEqualTo(exitCode(signal));
    }

    @Test
    void aSignalThatComesBeforeTheCommandBeginsDoesNotInterruptWhatPreparesIt() throws Exception {
        Process process = start("early");
        signal(process, "TERM");
        assertThat(rest(process))
                .containsExactly("prepared", "interrupted, shutdown has begun: false", "ended", "hook");
        assertThat(process.waitFor()).isEqualTo(exitCode("TERM"));
    }

    @Test
    void aSecondSignalEndsAtOnce() throws Exception {
        requireHeard("INT");
        Process process = start("stubborn");
        signal(process, "INT");
        assertThat(reader(process).readLine()).isEqualTo("interrupted, and goes on");
        TimeUnit.MILLISECONDS.sleep(1200);
        assertThat(process.isAlive()).isTrue();
        signal(process, "TERM");
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(exitCode("TERM"));
        assertThat(rest(process)).isEmpty();
    }

    /** Who runs tests in the background of a script has SIGINT ignored, and so have all processes below. */
    private static void requireHeard(String signal) throws IOException {
        long bit = 1L << (exitCode(signal) - 128 - 1);
        String ignored =
                Files.readString(Path.of("/proc/self/status")).replaceAll("(?s).*SigIgn:\\s*(\\p{XDigit}+).*", "$1");
        assumeThat(Long.parseUnsignedLong(ignored, 16) & bit)
                .as("SIG" + signal + " is ignored here")
                .isZero();
    }

    private static int exitCode(String signal) {
        return switch (signal) {
            case "HUP" -> 129;
            case "INT" -> 130;
            default -> 143;
        };
    }

    private static Process start(String how) throws IOException {
        Process process = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-Dlog4j2.level=OFF",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Worker.class.getName(),
                        how)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(reader(process).readLine()).isEqualTo("ready");
        return process;
    }

    private static BufferedReader reader(Process process) {
        return process.inputReader(StandardCharsets.UTF_8);
    }

    private static List<String> rest(Process process) {
        return reader(process).lines().toList();
    }

    /** From one shell, since a second signal counts as another one once half a second has gone by. */
    private static void signal(Process process, String... signals) throws IOException, InterruptedException {
        String kills = Stream.of(signals)
                .map(signal -> "kill -s " + signal + " " + process.pid())
                .collect(Collectors.joining("; "));
        new ProcessBuilder("/bin/sh", "-c", kills).start().waitFor();
    }

    /** What is interrupted. */
    static final class Worker {
        public static void main(String[] args) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
            Interruption interruption = Interruption.listen();
            try (interruption) {
                if (args[0].equals("early")) {
                    System.out.println("ready");
                    prepare(interruption);
                    interruption.at("work");
                    LoggerFactory.getLogger(Worker.class).debug("Logs while it is interrupted.");
                } else {
                    interruption.at("work");
                    System.out.println("ready");
                }
                work(args[0].equals("stubborn"));
            }
            System.exit(interruption.exitCode(0));
        }

        private static void prepare(Interruption interruption) {
            while (!interruption.isThere()) {
                rest();
            }
            rest();
            Logs.begin();
            System.out.println("prepared");
        }

        private static void work(boolean isStubborn) {
            for (int i = 0; i < 3000; i++) {
                try {
                    TimeUnit.MILLISECONDS.sleep(100);
                } catch (InterruptedException e) {
                    if (!isStubborn) {
                        System.out.println("interrupted, shutdown has begun: " + shutdownHasBegun());
                        rest();
                        System.out.println("ended");
                        return;
                    }
                    System.out.println("interrupted, and goes on");
                }
            }
        }

        private static void rest() {
            try {
                TimeUnit.MILLISECONDS.sleep(300);
            } catch (InterruptedException e) {
                System.out.println("interrupted twice");
            }
        }

        private static boolean shutdownHasBegun() {
            Thread probe = new Thread(() -> {});
            try {
                Runtime.getRuntime().addShutdownHook(probe);
                return !Runtime.getRuntime().removeShutdownHook(probe);
            } catch (IllegalStateException e) {
                return true;
            }
        }
    }
}
