package dev.koine.cli.command;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.HubCache;
import dev.koine.cli.console.ExitCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.testkit.Fixtures;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --upload}, by way of {@code koine sign}, which needs no broker and writes the same event as {@code koine submit} sends. */
class UploadTest {
    private static final Path CA = Fixtures.ctc("ca");

    @TempDir
    Path directory;

    private Path place;
    private int events;

    @BeforeEach
    void makeAKey() {
        place = directory.resolve("place");
        assertThat(koine("keys", "new", "--for", "experts", key()).code()).isEqualTo(ExitCode.OK);
    }

    private String key() {
        return directory.resolve("ca.key").toString();
    }

    private CommandLineRun sign(String upload, Path model, String... more) {
        events++;
        List<String> line = new ArrayList<>(List.of("sign", "--sign-key", key(), "--out", event().toString()));
        line.addAll(List.of("--model", "m", "--expert", "ca", "--upload", upload, model.toString()));
        line.addAll(List.of(more));
        return koine(line.toArray(String[]::new));
    }

    private Path event() {
        return directory.resolve("event-" + events);
    }

    private Bundle sent() throws Exception {
        ExpertEvent event = EventCodec.of(ExpertEvent.class).decode(Files.readAllBytes(event()));
        return Bundles.fromAvro(Objects.requireNonNull(event.getBundle()));
    }

    @Test
    void theEventNamesThePlaceThatTheFilesWereCopiedTo() throws Exception {
        CommandLineRun first = sign(place.toString(), CA);
        assertThat(first.code()).as(first.err()).isEqualTo(ExitCode.OK);
        Bundle sent = sent();
        assertThat(sent.digest()).isEqualTo(Bundle.describe(CA).digest());
        assertThat(sent.directory()).isEqualTo(place.resolve(sent.digest().substring(7)));
        BundleVerifier.verify(sent, sent.directory());
        assertThat(first.out()).contains("files copied, 0 there already.");
        assertThat(first.err()).contains("uploading 100 %");
        CommandLineRun again = sign("file:" + place, CA);
        assertThat(again.out()).contains("0 files copied, " + sent.files().size() + " there already.");
        assertThat(sent()).isEqualTo(sent);
    }

    @Test
    void linksOfTheHubsCacheAreCopiedAsTheFilesThatTheyLeadTo() throws Exception {
        Path snapshot = HubCache.snapshot(directory, "ca", CA);
        assertThat(sign(place.toString(), snapshot).code()).isEqualTo(ExitCode.OK);
        Bundle sent = sent();
        assertThat(sent.digest()).isEqualTo(Bundle.describe(CA).digest());
        BundleVerifier.verify(sent, sent.directory());
        sign(place.toString(), snapshot.resolve("../..").normalize());
        assertThat(sent()).isEqualTo(sent);
    }

    @Test
    void aPlaceThatTakesNothingIsToldBeforeAFileIsHashed() throws Exception {
        Files.createFile(place);
        CommandLineRun run = sign(place.toString(), CA);
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err()).contains(place + " is a file; name a folder.");
        assertThat(run.out()).doesNotContain("Hashing");
        assertThat(event()).doesNotExist();
    }

    @Test
    void theEventNamesThePlaceAsTheJobFindsIt() throws Exception {
        CommandLineRun run = sign(place.toString(), CA, "--at", "s3://bucket/models");
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        String folder = Bundle.describe(CA).digest().substring(7);
        assertThat(sent().uri()).isEqualTo(URI.create("s3://bucket/models/" + folder + "/"));
        BundleVerifier.verify(sent(), place.resolve(folder));
    }

    @Test
    void whatIsNoPlaceIsTold() {
        CommandLineRun run = sign("ftp://host/x", CA);
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("'ftp://host/x' is no place");
    }
}
