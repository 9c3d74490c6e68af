package dev.koine.serving;

import dev.koine.subscriber.Lease;
import dev.koine.subscriber.ServedVersion;
import java.io.IOException;

/** One version, for as long as its lease is not returned, whatever is swapped in meanwhile. */
final class HeldVersion implements SpeechServer {
    private final String modelId;
    private final Lease<LoadedModel> lease;

    HeldVersion(String modelId, Lease<LoadedModel> lease) {
        this.modelId = modelId;
        this.lease = lease;
    }

    @Override
    public void awaitFirst() {}

    @Override
    public SpeechServer held() {
        throw new IllegalStateException("This is held already: it keeps to one version.");
    }

    @Override
    public Transcript transcribe(Question question) throws RefusedSpeechException, IOException {
        ServedVersion version = lease.version();
        try {
            return new Transcript(lease.model().transcribe(question), version.version(), version.digest());
        } catch (IllegalArgumentException e) {
            throw new RefusedSpeechException(named(version) + " does not take this speech: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new RefusedSpeechException(named(version) + " has no answer to this speech: " + e, e);
        } catch (IOException e) {
            throw new IOException(named(version) + " cannot answer. " + e.getMessage(), e);
        }
    }

    private String named(ServedVersion version) {
        return "Version " + version.version() + " of " + modelId;
    }

    @Override
    public void close() {
        lease.close();
    }
}
