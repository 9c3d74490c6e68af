package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RemotePlaceTest {
    private static final URI ALLOWED = URI.create("s3://bucket/experts");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3://bucket/experts",
                "s3://bucket/experts/",
                "s3://bucket/experts/a/b",
                "s3://bucket/experts/%61"
            })
    void isBelow(String place) throws Exception {
        assertThat(RemotePlace.isBelow(RemotePlace.require(URI.create(place)), ALLOWED))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3://bucket",
                "s3://bucket/",
                "s3://bucket/expertsX/a",
                "s3://other/experts/a",
                "s3a://bucket/experts/a",
                "s3://BUCKET/experts/a"
            })
    void isElsewhere(String place) throws Exception {
        assertThat(RemotePlace.isBelow(RemotePlace.require(URI.create(place)), ALLOWED))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3:/bucket/experts",
                "s3:bucket",
                "s3:///experts/a",
                "s3://key:secret@bucket/experts/a",
                "s3://bucket:80/experts/a",
                "s3://bucket/experts/a?versionId=1",
                "s3://bucket/experts/a#b",
                "s3://bucket/experts/../a",
                "s3://bucket/experts/./a",
                "s3://bucket/experts//a",
                "s3://bucket/experts/%2e%2e/a",
                "s3://bucket/experts/%2E./a",
                "s3://bucket/experts/%2f../a",
                "s3://bucket/experts/a%5C..",
                "http://bucket/experts/a"
            })
    void isNoPlace(String place) {
        RejectedException refused =
                catchThrowableOfType(RejectedException.class, () -> RemotePlace.require(URI.create(place)));
        assertThat(refused.code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @Test
    void onlyObjectStorageIsRemote() {
        assertThat(RemotePlace.isRemote(URI.create("file:///models"))).isFalse();
        assertThat(RemotePlace.isRemote(URI.create("models"))).isFalse();
        assertThat(RemotePlace.isRemote(URI.create("s3a://bucket/models"))).isTrue();
    }
}
