package dev.koine.serving;

import dev.koine.speech.Features;
import dev.koine.speech.Task;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A share in a model that this JVM serves. Text, version and digest of an answer belong together, whatever is swapped in meanwhile. Safe for
 * several threads; to be closed when their calls have returned.
 */
public final class Transcriber implements AutoCloseable {
    private static final int TRIES = 3;
    private static final long PAUSE_MILLIS = 100;

    private final SpeechServer server;
    private final Runnable release;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Question lastAnswered;

    Transcriber(SpeechServer server, Runnable release) {
        this.server = server;
        this.release = release;
    }

    /**
     * Decodes one utterance.
     *
     * @throws RefusedSpeechException if this speech gets no text, whoever asks again
     * @throws IOException if the model cannot be asked or its runtime fails, after some tries
     * @throws IllegalStateException if this share has been closed
     */
    public Transcript transcribe(Speech speech) throws RefusedSpeechException, IOException, InterruptedException {
        return answer(speech, speech.values());
    }

    /**
     * As {@link #transcribe(Speech)}.
     *
     * @param features in the layout that the model takes
     * @param language BCP 47 tag of the speech; CTC models need none
     */
    public Transcript transcribe(Features features, String language, Task task)
            throws RefusedSpeechException, IOException, InterruptedException {
        return answer(new Question.Plain(features, language, task), features.values());
    }

    /**
     * A share that keeps to the version that serves now, whatever is swapped in: for a bundle of calls whose answers are to be of one version. An
     * old version stays in memory until it is closed, so keep it for no more than that.
     *
     * @throws IOException if no version can be asked
     * @throws IllegalStateException if this share has been closed, or keeps to a version already
     */
    public Transcriber held() throws IOException {
        if (closed.get()) {
            throw new IllegalStateException("This share in a model has been closed. Open another.");
        }
        SpeechServer version = server.held();
        return new Transcriber(version, version::close);
    }

    private Transcript answer(Question question, float[] values)
            throws RefusedSpeechException, IOException, InterruptedException {
        requireFinite(values);
        for (int tries = 1; ; tries++) {
            if (closed.get()) {
                throw new IllegalStateException("This share in a model has been closed. Open another.");
            }
            try {
                Transcript transcript = server.transcribe(question);
                lastAnswered = question;
                return transcript;
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw blamed(e);
                }
                Thread.sleep(tries * PAUSE_MILLIS);
            }
        }
    }

    /** A runtime that answers what it has answered before, and not this, shall not fail on this for ever. */
    private IOException blamed(IOException trouble) throws RefusedSpeechException {
        @Nullable Question known = lastAnswered;
        if (known != null) {
            try {
                server.transcribe(known);
            } catch (RefusedSpeechException | IOException e) {
                return trouble;
            }
            throw new RefusedSpeechException(
                    trouble.getMessage() + " That is so after " + TRIES + " tries, and other speech is answered.",
                    trouble);
        }
        return trouble;
    }

    private static void requireFinite(float[] values) throws RefusedSpeechException {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RefusedSpeechException("Value " + i + " of the features is " + values[i]
                        + ", which is no number that a microphone gives. Look at what computes the features.");
            }
        }
    }

    /** Gives the share back; the last one closes the model. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release.run();
        }
    }
}
