package dev.koine.lifecycle.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedPlacesTest {
    @TempDir
    Path directory;

    private AllowedPlaces places;

    @BeforeEach
    void makePlaces() throws Exception {
        directory = directory.toRealPath();
        Files.createDirectories(directory.resolve("a/de"));
        Files.createDirectories(directory.resolve("ab/de"));
        Files.createDirectories(directory.resolve("a b/de"));
        places = new AllowedPlaces(List.of(directory.resolve("a").toUri()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a/", "a/de", "a/de/", "a/x/../de", "ab/../a/de", "a/%64e"})
    void allowsWhatLiesBelow(String place) throws Exception {
        assertThat(places.require(bundle(directory.toUri() + place)).directory())
                .startsWith(directory.resolve("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ab", "ab/de", "a/../ab/de", "a/%2e%2e/ab/de", "a/%2E%2E/%2E%2E/etc", "a%2f..%2fab/de"})
    void refusesWhatLiesElsewhere(String place) {
        assertThat(refused(directory.toUri() + place)).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "models/de",
                "http://host/a/de",
                "s3://a/de",
                "file:models/de",
                "file://host/a/de",
                "file:///a?x",
                "file:///a%00"
            })
    void refusesWhatIsNoFolderHere(String uri) {
        assertThat(refused(uri)).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @Test
    void refusesALinkThatLeavesThePlace() throws Exception {
        Files.createSymbolicLink(directory.resolve("a/out"), directory.resolve("ab"));
        assertThat(refused(directory.resolve("a/out/de").toUri().toString()))
                .isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        Files.createSymbolicLink(directory.resolve("a/in"), directory.resolve("a/de"));
        assertThat(places.require(bundle(directory.resolve("a/in").toUri().toString()))
                        .directory())
                .isEqualTo(directory.resolve("a/de"));
    }

    @Test
    void allowsAPlaceThatIsItselfALink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("a"));
        AllowedPlaces linked = new AllowedPlaces(List.of(link.toUri()));
        assertThat(linked.require(bundle(link.resolve("de").toUri().toString())).directory())
                .isEqualTo(directory.resolve("a/de"));
    }

    @Test
    void saysThatAFolderIsMissing() {
        assertThat(refused(directory.toUri() + "a/nowhere")).isEqualTo(RejectionCode.MISSING_FILE);
    }

    @Test
    void objectStorageIsAllowedWhereItIsNamed() throws Exception {
        String expert = "s3://bucket/experts/de/";
        assertThat(refused(expert)).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        places = new AllowedPlaces(List.of(directory.toUri(), URI.create("s3://bucket/experts/")));
        assertThat(places.require(bundle(expert)).uri()).hasToString(expert);
        assertThat(refused("s3://bucket/experts/../de")).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        assertThat(refused("s3://bucket/bases/de")).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @Test
    void allowsNothingWithoutPrefixes() {
        places = new AllowedPlaces(List.of());
        RejectedException refused = catchThrowableOfType(
                RejectedException.class,
                () -> places.require(bundle(directory.toUri().toString())));
        assertThat(refused).hasMessageContaining("start the job with allowed.places");
    }

    private RejectionCode refused(String uri) {
        return catchThrowableOfType(RejectedException.class, () -> places.require(bundle(uri)))
                .code();
    }

    private static Bundle bundle(String uri) {
        return new Bundle(URI.create(uri), List.of(new BundleFile("model.onnx", 1, "0".repeat(64))));
    }
}
