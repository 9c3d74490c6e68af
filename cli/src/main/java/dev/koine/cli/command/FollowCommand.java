package dev.koine.cli.command;

import dev.koine.cli.console.DurationConverter;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.console.LongRunning;
import dev.koine.cli.folder.Folders;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.cli.following.FollowingOptions;
import dev.koine.cli.following.FormOptions;
import dev.koine.cli.following.StatusServer;
import dev.koine.cli.following.TritonOptions;
import dev.koine.cli.following.TroubleLines;
import dev.koine.follower.Follower;
import dev.koine.follower.Patience;
import dev.koine.follower.Placed;
import dev.koine.follower.ShellCommand;
import dev.koine.follower.Step;
import dev.koine.follower.UrlHealth;
import dev.koine.follower.Webhook;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.ServiceReporter;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code koine follow}. */
@Command(
        name = "follow",
        description = {
            "Keeps a folder, and the server that reads it, on the newest version of a model, until it is interrupted.",
            "FOLDER/versions/<n> are whole at any moment; FOLDER/current is a link to the one to read. A version with which --exec, --webhook or --health",
            "fails, where the one before works, is refused and gone back from. With --to triton so is one that Triton does not load, or answers otherwise."
        },
        footer = {
            "%nExample:",
            "  koine follow --model demo ./served",
            "  koine follow --model demo --exec 'systemctl reload asr' --health http://127.0.0.1:8080/health ./served",
            "  koine follow --model demo --form hf --store ./koine-data/store ./served",
            "  koine follow --model demo --to triton --triton-url http://127.0.0.1:8000 ./served"
        })
public final class FollowCommand extends LongRunning {
    private static final Pattern URL = Pattern.compile("https?://.+");

    @Spec
    CommandSpec spec;

    @Mixin
    FollowingOptions following;

    @Option(
            names = "--keep",
            paramLabel = "N",
            description = "Versions that stay in the folder, the current one among them (default: ${DEFAULT-VALUE}).",
            defaultValue = "3")
    int kept;

    @Option(
            names = "--exec",
            paramLabel = "CMD",
            description = {
                "A command of /bin/sh that tells the server, run once the link leads to a version. It gets the event as JSON on its standard input and in KOINE_EVENT,",
                "KOINE_MODEL, KOINE_VERSION, KOINE_DIGEST, KOINE_FOLDER and KOINE_FAILURE. May be given several times."
            })
    List<String> commands = List.of();

    @Option(
            names = "--webhook",
            paramLabel = "URL",
            description = "Gets the event as a POST of JSON, after the commands. May be given several times.")
    List<URI> webhooks = List.of();

    @Option(
            names = "--webhook-secret",
            paramLabel = "FILE",
            description = "Signs these as Standard Webhooks has it; a line whsec_<Base64 of 24 bytes or more>.")
    @Nullable
    Path secret;

    @Option(
            names = "--health",
            paramLabel = "CMD|URL",
            description = "Whether the server is well: a command that ends with 0, or a URL that answers 200 to 299.")
    @Nullable
    String health;

    @Option(
            names = "--patience",
            paramLabel = "DURATION",
            description =
                    "How long each of these is tried again until it counts as failed, and how long one try may take (default: ${DEFAULT-VALUE}).",
            defaultValue = "30 s",
            converter = DurationConverter.class)
    Duration patience;

    @Mixin
    TritonOptions triton;

    @Mixin
    FormOptions form;

    @Parameters(paramLabel = "FOLDER", description = "For versions and link, this command's alone.")
    Path folder;

    public FollowCommand() {
        super(Duration.ofSeconds(20));
    }

    @Override
    public Integer call() throws Exception {
        if (kept < 1) {
            throw new ParameterException(spec.commandLine(), "--keep is " + kept + "; give 1 or more.");
        }
        Folders.requireWritableFolder(folder);
        PrintWriter out = spec.commandLine().getOut();
        List<Step> steps = steps();
        ServedLines lines = new ServedLines(out);
        try (ModelFolders models = new ModelFolders(spec.commandLine().getErr());
                Quarantine apart = new Quarantine(QuarantineLimits.DEFAULT);
                @Nullable ServiceReporter reporter = following.reporter();
                Follower follower = Follower.start(
                        following.<Placed>subscriber(apart, lines, reporter),
                        new Follower.Settings(
                                folder,
                                kept,
                                form.form(folder, following, triton, models),
                                steps,
                                Patience.within(patience)));
                @Nullable StatusServer pages = following.pages(follower::status, out)) {
            follower.unfinished().ifPresent(version -> tellUnfinished(version, lines, reporter));
            awaitStop();
        }
        return ExitCode.OK;
    }

    /** So that nobody has to wonder why the link leads back. */
    private void tellUnfinished(Placed version, ServedLines lines, @Nullable ServiceReporter reporter) {
        String what = "Version " + version.version() + " of " + following.modelId
                + " was being tried when the command that kept this folder before ended";
        IOException cause = new IOException("what worked last is gone back to, until the newest version is tried.");
        lines.onTrouble(what, cause);
        if (reporter != null) {
            reporter.onTrouble(what, cause);
        }
    }

    private List<Step> steps() throws IOException {
        List<Step> steps = new ArrayList<>();
        triton.step(folder, patience).ifPresent(steps::add);
        commands.forEach(command -> steps.add(new ShellCommand(command, patience)));
        Optional<String> signedWith = secret == null ? Optional.empty() : Optional.of(Files.readString(secret));
        for (URI url : webhooks) {
            try {
                steps.add(new Webhook(requireUrl(url), signedWith, patience, InstantSource.system()));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
            }
        }
        if (health != null) {
            steps.add(
                    URL.matcher(health).matches()
                            ? new UrlHealth(requireUrl(URI.create(health)), patience)
                            : new ShellCommand(health, patience));
        }
        return steps;
    }

    private URI requireUrl(URI url) {
        if (!URL.matcher(url.toString()).matches() || url.getHost() == null) {
            throw new ParameterException(
                    spec.commandLine(), url + " is no URL; write it like http://127.0.0.1:8080/models.");
        }
        return url;
    }

    /** What becomes of versions, a line each. */
    private static final class ServedLines extends TroubleLines {
        ServedLines(PrintWriter out) {
            super(out);
        }

        @Override
        public void onServed(ServedVersion version) {
            super.onServed(version);
            say("version " + version.version() + " is current: " + version.digest());
        }
    }
}
