package dev.koine.serving;

import java.io.IOException;

/** A model that answers, in one version or another. Safe for several threads. */
interface SpeechServer extends AutoCloseable {
    /**
     * Waits until a version serves.
     *
     * @throws IOException if none does within the time that the settings give
     */
    void awaitFirst() throws IOException, InterruptedException;

    /**
     * Asks the version that serves.
     *
     * @throws RefusedSpeechException if it does not answer this
     * @throws IOException if it cannot be asked, or its runtime fails
     */
    Transcript transcribe(Question question) throws RefusedSpeechException, IOException;

    /**
     * The version that serves now, and no other, until it is closed.
     *
     * @throws IOException if none can be asked
     */
    SpeechServer held() throws IOException;

    @Override
    void close();
}
