package dev.koine.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ObjectBundlesTest {
    private static final BundleFile FILE = new BundleFile("model.onnx", 1, "0".repeat(64));
    private static final Bundle BUNDLE = new Bundle(URI.create("s3://bucket/models/"), List.of(FILE));

    private IOException answer = new FileNotFoundException("no such key");

    private final MemoryFileSystem storage = new MemoryFileSystem(java.time.Instant::now, request -> {
        throw answer;
    });
    private final BundleSource bundles = new ObjectBundles(place -> storage, false);
    private final BundleSource ofEvents = new ObjectBundles(place -> storage, true);

    @Test
    void whatIsNotThereIsMissing() {
        for (BundleSource source : List.of(bundles, ofEvents)) {
            assertThat(refusal(source)).isEqualTo(RejectionCode.MISSING_FILE);
        }
    }

    @Test
    void whatMayNotBeReadIsTroubleOfOurOwnWithItsCause() {
        answer = new AccessDeniedException(
                "s3://bucket/models/model.onnx", null, "Forbidden (Error Code: AccessDenied)");
        assertThatThrownBy(() -> bundles.open(BUNDLE, FILE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("s3://bucket/models/model.onnx may not be read here")
                .hasMessageContaining("Forbidden")
                .hasMessageContaining("Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
                .hasCause(answer);
    }

    @Test
    void anEventThatNamesWhatTheJobMayNotReadIsRefusedAndHoldsNothingUp() {
        answer = new AccessDeniedException("s3://bucket/models/model.onnx");
        assertThat(refusal(ofEvents)).isEqualTo(RejectionCode.MISSING_FILE);
    }

    @Test
    void anyOtherAnswerIsTrouble() {
        answer = new IOException("503");
        for (BundleSource source : List.of(bundles, ofEvents)) {
            assertThatThrownBy(() -> source.open(BUNDLE, FILE)).isSameAs(answer);
        }
    }

    private static RejectionCode refusal(BundleSource source) {
        try {
            source.open(BUNDLE, FILE);
            throw new AssertionError("opened");
        } catch (RejectedException e) {
            return e.code();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
