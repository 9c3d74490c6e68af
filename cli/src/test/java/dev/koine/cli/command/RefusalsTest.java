package dev.koine.cli.command;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.HubCache;
import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A refusal names what it is about, and what to do. */
class RefusalsTest {
    private static final Path BASE = Fixtures.ctc("base");
    private static final Path CA = Fixtures.ctc("ca");

    @TempDir
    Path directory;

    @Test
    void aRefusalNamesTheBundleOfSeveral() throws Exception {
        Path empty = Files.createDirectories(directory.resolve("empty"));
        Files.createFile(empty.resolve("model.onnx"));
        CommandLineRun expert = merge(BASE, "ca=" + CA, "de=" + empty);
        assertThat(expert.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(expert.err()).contains("Expert 'de' (" + empty + "): The file 'model.onnx' is empty.");
        assertThat(merge(BASE, empty.toString()).err()).contains("The expert " + empty + ": The file 'model.onnx'");
        assertThat(merge(empty, "ca=" + CA).err()).contains("The base (" + empty + "): The file 'model.onnx'");
        assertThat(koine("inspect", empty.toString()).err()).contains("The model " + empty + ": The file 'model.onnx'");
    }

    @Test
    void aFileInPlaceOfItsFolderIsToldWithTheFolder() {
        String file = BASE.resolve("model.onnx").toString();
        String folder = BASE.toAbsolutePath().normalize().toString();
        for (CommandLineRun run : List.of(
                koine("inspect", file),
                merge(Path.of(file), CA.toString()),
                merge(BASE, "ca=" + file + "@0.5"),
                koine("evaluate", file, CA.toString()),
                koine("evaluate", folder, file),
                koine("evalset", "--out", directory.resolve("set").toString(), file),
                koine("serve", "--model", "m", "--cache", directory.toString(), file),
                koine("register", "--model", "m", file),
                koine("register", "--model", "m", "--evaluation", file, folder),
                koine("submit", "--model", "m", "--expert", "ca", file))) {
            assertThat(run.code()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err())
                    .contains(file + " is a file; name the folder that holds it: " + folder)
                    .doesNotContain("Exception");
        }
    }

    @Test
    void aSnapshotOfTheHubsCacheIsReadThroughACopy() throws Exception {
        Path base = HubCache.snapshot(directory, "base", BASE);
        Path expert = HubCache.snapshot(directory, "ca", CA);
        CommandLineRun plain = merge(BASE, CA.toString());
        CommandLineRun linked = merge("linked", base, "ca=" + expert);
        assertThat(linked.code()).as(linked.err()).isEqualTo(ExitCode.OK);
        assertThat(linked.out().substring(0, 71)).isEqualTo(plain.out().substring(0, 71));
        CommandLineRun inspected = koine("inspect", base.toString());
        assertThat(inspected.out()).isEqualTo(koine("inspect", BASE.toString()).out());
        String copy = inspected.err().replaceAll("(?s).*reading a copy in (.*)\\.\\R.*", "$1");
        assertThat(Path.of(copy)).doesNotExist();
    }

    @Test
    void aLinkOutOfTheHubsCacheIsRefused() throws Exception {
        Path base = HubCache.snapshot(directory, "base", BASE);
        Path secret = Files.createFile(directory.resolve("secret"));
        Path link = Files.createSymbolicLink(base.resolve("notes.txt"), secret);
        for (CommandLineRun run : List.of(
                koine("inspect", base.toString()),
                merge(base, CA.toString()),
                merge(BASE, "ca=" + base),
                koine(
                        "register",
                        "--model",
                        "m",
                        "--upload",
                        directory.resolve("place").toString(),
                        base.toString()))) {
            assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
            assertThat(run.err())
                    .contains("PLACE_NOT_ALLOWED", base.toString(), ": 'notes.txt' at " + link)
                    .contains("is a symbolic link that leaves the Hugging Face cache", "cp -rL '" + base);
        }
        assertThat(directory.resolve("place")).doesNotExist();
    }

    @Test
    void aLinkOfTheHubsCacheToNothingIsRefused() throws Exception {
        Path base = HubCache.snapshot(directory, "base", BASE);
        Files.createSymbolicLink(base.resolve("model.onnx_data"), Path.of("../../blobs/gone"));
        CommandLineRun run = koine("inspect", base.toString());
        assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(run.err())
                .contains("MISSING_FILE", "'model.onnx_data' at ", "../../blobs/gone, where there is no file");
    }

    @Test
    void aWholeRepositoryOfTheHubsCacheStandsForItsSnapshotOfMain() throws Exception {
        Path snapshot = HubCache.snapshot(directory, "base", BASE);
        Path repository = snapshot.resolve("../..").normalize();
        String expected = koine("inspect", BASE.toString()).out();
        assertThat(koine("inspect", repository.toString()).out()).isEqualTo(expected);
        Path other = Files.createDirectories(snapshot.resolveSibling("ffff"));
        CommandLineRun two = koine("inspect", repository.toString());
        assertThat(two.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(two.err()).contains("has no snapshot of main, and 2 others. Name one, such as " + snapshot);
        Path main = Files.createDirectories(repository.resolve("refs")).resolve("main");
        Files.writeString(main, HubCache.REVISION);
        assertThat(koine("inspect", repository.toString()).out()).isEqualTo(expected);
        Files.writeString(main, "../../..");
        assertThat(koine("inspect", repository.toString()).err()).contains("has no snapshot of main");
        assertThat(other).isEmptyDirectory();
    }

    @Test
    void linksThatTheJobWouldNotFollowAreRefusedWithTheOption() throws Exception {
        Path base = HubCache.snapshot(directory, "base", BASE);
        for (CommandLineRun run : List.of(
                koine("register", "--model", "m", base.toString()),
                koine("register", "--model", "m", "--evaluation", base.toString(), BASE.toString()),
                koine("submit", "--model", "m", "--expert", "ca", base.toString()))) {
            assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
            assertThat(run.err()).contains("holds links into the Hugging Face cache", "--upload PLACE");
        }
    }

    @Test
    void linksAnywhereElseAreRefusedWithACommand() throws Exception {
        Path linked = Files.createDirectories(directory.resolve("linked"));
        Files.createSymbolicLink(linked.resolve("model.onnx"), BASE.toRealPath().resolve("model.onnx"));
        for (CommandLineRun run : List.of(
                koine("inspect", linked.toString()),
                koine("register", "--model", "m", linked.toString()),
                koine("submit", "--model", "m", "--expert", "ca", linked.toString()))) {
            assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
            assertThat(run.err()).contains("cp -rL '" + linked + "' '" + linked + "-copy'");
        }
        Process copied = new ProcessBuilder("cp", "-rL", linked.toString(), linked + "-copy")
                .inheritIO()
                .start();
        assertThat(copied.waitFor()).isZero();
        assertThat(koine("inspect", linked + "-copy").code()).isEqualTo(ExitCode.OK);
    }

    @Test
    void anEventThatIsTooLargeIsRefusedBeforeAFileIsHashed() throws Exception {
        Path many = Files.createDirectories(directory.resolve("many"));
        for (int i = 0; i < 1_200; i++) {
            Files.createFile(many.resolve("x".repeat(150) + i));
        }
        for (CommandLineRun run : List.of(
                koine("register", "--model", "m", many.toString()),
                koine("submit", "--model", "m", "--expert", "ca", many.toString()))) {
            assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
            assertThat(run.err()).contains("INVALID_EVENT", "262144 are the most");
            assertThat(run.out()).doesNotContain("Hashing");
        }
    }

    @Test
    void filesOfATrainingRunAreToldOf() throws Exception {
        Path base = directory.resolve("run");
        Path checkpoint = Files.createDirectories(base.resolve("checkpoint-1000"));
        Files.createFile(checkpoint.resolve("rng_state.pth"));
        Files.write(base.resolve("optimizer.pt"), new byte[100]);
        Mutation.copyInto(BASE, base);
        CommandLineRun run = merge(base, CA.toString());
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.err()).contains("2 files of a training run, 100 bytes", "optimizer.pt");
        assertThat(merge("other", BASE, CA.toString()).err()).doesNotContain("training run");
    }

    /** In base and expert: the bytes are those of clean folders, and what was passed over is said. */
    @Test
    void whatToolsLeaveInFoldersIsPassedOverAndToldOf() throws Exception {
        CommandLineRun clean = merge("clean", BASE, CA.toString());
        Path base = littered("base", BASE);
        Path expert = littered("ca", CA);
        CommandLineRun run = merge("merged", base, expert.toString());
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.out().substring(0, 71)).isEqualTo(clean.out().substring(0, 71));
        for (Path folder : List.of(base, expert)) {
            assertThat(run.err())
                    .contains("Note: " + folder
                            + " holds files of other tools (5), which belong to no model and are passed over:"
                            + " [._model.onnx, .cache/huggingface/download/model.onnx.lock, .git/HEAD] and others.");
        }
        CommandLineRun inspected = koine("inspect", base.toString());
        assertThat(inspected.out()).isEqualTo(koine("inspect", BASE.toString()).out());
        assertThat(inspected.err()).contains("files of other tools (5)");
        assertThat(clean.err()).doesNotContain("other tools");
    }

    private Path littered(String name, Path model) throws IOException {
        Path folder = Files.createDirectories(directory.resolve("littered").resolve(name));
        Mutation.copyInto(model, folder);
        for (String stray : List.of(
                "._model.onnx",
                ".cache/huggingface/download/model.onnx.lock",
                ".git/HEAD",
                ".ipynb_checkpoints/model-checkpoint.onnx",
                "__MACOSX/._model.onnx")) {
            Files.createDirectories(folder.resolve(stray).getParent());
            Files.writeString(folder.resolve(stray), "x");
        }
        return folder;
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "tokenizer/tokenizer.json", "spiece.model"})
    void aPointerOfGitLfsBesideTheBaseIsRefused(String file) throws Exception {
        Path base = Files.createDirectories(directory.resolve("base"));
        Files.copy(BASE.resolve("model.onnx"), base.resolve("model.onnx"));
        Files.createDirectories(base.resolve(file).getParent());
        Files.writeString(base.resolve(file), "version https://git-lfs.github.com/spec/v1\n");
        CommandLineRun run = merge(base, CA.toString());
        assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(run.err()).contains("The base (" + base + "): The file '" + file + "' is a Git LFS pointer");
    }

    private CommandLineRun merge(Path base, String... experts) {
        return merge("out", base, experts);
    }

    private CommandLineRun merge(String out, Path base, String... experts) {
        String[] args = new String[5 + 2 * experts.length];
        args[0] = "merge";
        args[1] = "--base";
        args[2] = base.toString();
        args[3] = "--out";
        args[4] = directory.resolve(out).toString();
        for (int i = 0; i < experts.length; i++) {
            args[5 + 2 * i] = "--expert";
            args[6 + 2 * i] = experts[i];
        }
        return koine(args);
    }
}
