package dev.koine.cli.command.offline;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergeCommandTest {
    private static final String BASE = Fixtures.ctc("base").toString();
    private static final String CA = Fixtures.ctc("ca").toString();
    private static final String FR = Fixtures.ctc("fr").toString();

    @TempDir
    Path directory;

    @Test
    void theOrderOfExpertsChangesNoByte() throws Exception {
        CommandLineRun one = merge("one", "--expert", "ca=" + CA, "--expert", "fr=" + FR);
        CommandLineRun two = merge("two", "--expert", FR, "--expert", CA, "--threads", "1");
        assertThat(one.code()).as(one.err()).isEqualTo(ExitCode.OK);
        assertThat(digest(one)).startsWith("sha256:").isEqualTo(digest(two));
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder("one", "two");
        }
    }

    @Test
    void weightsAndRecipeCount() throws Exception {
        String plain = digest(merge("plain", "--expert", CA));
        assertThat(digest(merge("half", "--expert", CA + "@0.5"))).isNotEqualTo(plain);
        assertThat(digest(merge("rank", "--expert", CA, "--rank", "2"))).isNotEqualTo(plain);
        assertThat(digest(merge("half-scale", "--expert", CA + "@0.5", "--scale", "0.4")))
                .isNotEqualTo(plain);
        CommandLineRun frozen = merge("frozen", "--expert", CA, "--policy", "**=FROZEN");
        assertThat(frozen.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(frozen.err()).contains("UNCHANGED", "only in weights that the recipe freezes");
    }

    @Test
    void anExpertThatIsTheBaseIsRefused() {
        CommandLineRun same = merge("same", "--expert", CA, "--expert", BASE);
        assertThat(same.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(same.err()).contains("UNCHANGED", "weights are the base's, every one");
        assertThat(directory.resolve("same")).doesNotExist();
    }

    @Test
    void aResultThatIsCheckedLoads() throws Exception {
        CommandLineRun plain = merge("plain", "--expert", CA);
        CommandLineRun checked = merge("checked", "--expert", CA, "--check");
        assertThat(checked.code()).as(checked.err()).isEqualTo(ExitCode.OK);
        assertThat(digest(checked)).isEqualTo(digest(plain));

        Path base = withoutErf("base");
        Path expert = withoutErf("ca");
        CommandLineRun broken = koine(
                "merge", "--base", base.toString(), "--expert", expert.toString(), "--check", "--out", out("broken"));
        assertThat(broken.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(broken.err()).contains("The merged model", "NOT_LOADABLE", "Erg");
        assertThat(directory.resolve("broken")).doesNotExist();
    }

    /** A copy in which an operator has a name that no runtime knows. */
    private Path withoutErf(String bundle) throws IOException {
        Path copy = Files.createDirectory(directory.resolve("no-erf-" + bundle));
        String model = Files.readString(Fixtures.ctc(bundle).resolve("model.onnx"), StandardCharsets.ISO_8859_1);
        Files.writeString(copy.resolve("model.onnx"), model.replace("Erf", "Erg"), StandardCharsets.ISO_8859_1);
        return copy;
    }

    private String out(String name) {
        return directory.resolve(name).toString();
    }

    @Test
    void theDefaultScaleSuitsTheMethod() throws Exception {
        for (String[] defaults : new String[][] {{"LORS", "norm:0.2"}, {"TIES", "norm"}}) {
            String method = defaults[0];
            String plain = digest(merge(method, "--expert", CA, "--method", method));
            assertThat(digest(merge(method + "-as-said", "--expert", CA, "--method", method, "--scale", defaults[1])))
                    .isEqualTo(plain);
            assertThat(digest(merge(method + "-other", "--expert", CA, "--method", method, "--scale", "0.3")))
                    .isNotEqualTo(plain);
        }
    }

    @Test
    void theDefaultIsCompactInFloat16() throws Exception {
        String plain = digest(merge("plain", "--expert", CA));
        assertThat(digest(merge("said", "--expert", CA, "--method", "COMPACT", "--rank", "32", "--precision", "INT8")))
                .isEqualTo(plain);
        assertThat(digest(merge("published", "--expert", CA, "--method", "LORS")))
                .isNotEqualTo(plain);
        CommandLineRun sparse = merge("sparse", "--expert", CA, "--density", "0.1");
        assertThat(sparse.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(sparse.err()).contains("--density", "--method LORS");
    }

    @Test
    void anotherArchitectureIsRefusedInASentence() {
        CommandLineRun run = merge("out", "--expert", Fixtures.whisper("base").toString());
        assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(run.err()).contains("GRAPH_MISMATCH");
    }

    @Test
    void anExpertsFolderMayHaveAnySignInItsName() throws Exception {
        String plain = digest(merge("plain", "--expert", CA));
        String half = digest(merge("half", "--expert", CA + "@0.5"));
        Path odd = Files.createDirectories(directory.resolve("M\u00f6del e=x@2"));
        Mutation.copyInto(Fixtures.ctc("ca"), odd);
        assertThat(digest(merge("odd", "--expert", odd.toString()))).isEqualTo(plain);
        assertThat(digest(merge("named", "--expert", "ca=" + odd))).isEqualTo(plain);
        assertThat(digest(merge("weighed", "--expert", odd + "@0.5"))).isEqualTo(half);
        assertThat(digest(merge("both", "--expert", "ca=" + odd + "@0.5"))).isEqualTo(half);
    }

    @Test
    void aWrongExpertOrBaseLeavesNothingBehind() throws Exception {
        for (String expert : List.of("ca=no-such-folder", CA + "@heavy", CA + "@0", CA + "@NaN")) {
            CommandLineRun run = merge("out", "--expert", expert);
            assertThat(run.code()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err().strip().lines()).hasSize(1);
        }
        CommandLineRun run = koine(
                "merge",
                "--base",
                "no-such-base",
                "--expert",
                CA,
                "--out",
                directory.resolve("out").toString());
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("no-such-base"));
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aFolderInUseIsNotOverwritten() throws IOException {
        Files.createDirectories(directory.resolve("out"));
        Files.writeString(directory.resolve("out").resolve("mine"), "mine");
        CommandLineRun run = merge("out", "--expert", CA);
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err()).contains("not empty");
    }

    @Test
    void inspectShowsPolicyRoleAndPosition() {
        assertThat(koine("inspect", BASE).out()).contains("LOW_RANK_BANDS").doesNotContain("DENSE");
        CommandLineRun run = koine("inspect", "--method", "LORS", BASE);
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.out())
                .contains("LORS", "DENSE", "LINEAR", "VOCABULARY_PROJECTION", "model.onnx:", "onnx::MatMul_");
    }

    private CommandLineRun merge(String out, String... options) {
        Stream<String> fixed = Stream.of(
                "merge", "--base", BASE, "--out", directory.resolve(out).toString());
        return koine(Stream.concat(fixed, Stream.of(options)).toArray(String[]::new));
    }

    private static String digest(CommandLineRun run) {
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        return run.out().split(" ")[0];
    }

    @Test
    void aMergeThatIsInterruptedLeavesNothing() throws Exception {
        Thread merging = Thread.currentThread();
        Thread interrupter = new Thread(() -> {
            try {
                while (!hasScratch()) {
                    Thread.sleep(1);
                }
                merging.interrupt();
            } catch (InterruptedException | IOException e) {
                throw new IllegalStateException(e);
            }
        });
        interrupter.start();
        List<String> arguments = new ArrayList<>(
                List.of("out", "--task-vectors", directory.resolve("tv").toString(), "--threads", "1"));
        for (int i = 0; i < 20; i++) {
            arguments.addAll(List.of("--expert", i % 2 == 0 ? CA : FR));
        }
        CommandLineRun run =
                merge(arguments.get(0), arguments.subList(1, arguments.size()).toArray(String[]::new));
        interrupter.join();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
    }

    private boolean hasScratch() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(".koine-merge-"));
        }
    }
}
