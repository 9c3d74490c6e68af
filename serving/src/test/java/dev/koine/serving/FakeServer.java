package dev.koine.serving;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Answers with the language it was asked in, or fails as it is told. */
final class FakeServer implements SpeechServer {
    final AtomicInteger asked = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final Deque<Exception> troubles = new ArrayDeque<>();
    private final @Nullable IOException noFirst;

    FakeServer() {
        this(null);
    }

    FakeServer(@Nullable IOException noFirst) {
        this.noFirst = noFirst;
    }

    @Override
    public void awaitFirst() throws IOException {
        if (noFirst != null) {
            throw noFirst;
        }
    }

    @Override
    public Transcript transcribe(Question question) throws RefusedSpeechException, IOException {
        asked.incrementAndGet();
        @Nullable Exception trouble = troubles.poll();
        if (trouble instanceof RefusedSpeechException refused) {
            throw refused;
        }
        if (trouble instanceof IOException ours) {
            throw ours;
        }
        if (question.language().equals("poison")) {
            throw new IOException("the runtime fails");
        }
        return new Transcript(question.language(), 7, "sha256:seven");
    }

    @Override
    public SpeechServer held() {
        return this;
    }

    @Override
    public void close() {
        closed.incrementAndGet();
    }
}
