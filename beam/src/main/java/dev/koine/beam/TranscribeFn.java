package dev.koine.beam;

import dev.koine.serving.RefusedSpeechException;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.SharedModels;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcriber;
import dev.koine.serving.Transcript;
import dev.koine.speech.Task;
import java.io.IOException;
import java.util.Arrays;
import org.apache.beam.sdk.transforms.DoFn;
import org.jspecify.annotations.Nullable;

/** Asks the model that this JVM shares: one version a bundle, leased from its start to its end. */
final class TranscribeFn extends DoFn<Utterance, Transcription> {
    private static final long serialVersionUID = 1L;
    private final ServingSettings settings;
    private transient @Nullable Transcriber model;
    private transient @Nullable Transcriber held;

    TranscribeFn(ServingSettings settings) {
        this.settings = settings;
    }

    @Setup
    public void open() throws IOException, InterruptedException {
        model = SharedModels.open(settings);
    }

    @StartBundle
    public void hold() throws IOException {
        letGo();
        held = opened(model).held();
    }

    /** A bundle that fails does not come here: the next one, or the end, lets go of its version. */
    @FinishBundle
    public void letGo() {
        Transcriber version = held;
        held = null;
        if (version != null) {
            version.close();
        }
    }

    @Teardown
    public void close() {
        letGo();
        Transcriber share = model;
        model = null;
        if (share != null) {
            share.close();
        }
    }

    @ProcessElement
    public void transcribe(@Element Utterance utterance, MultiOutputReceiver out)
            throws IOException, InterruptedException {
        try {
            Transcript transcript = opened(held).transcribe(speech(utterance));
            out.get(KoineTranscribe.TRANSCRIPTIONS)
                    .output(new Transcription(
                            utterance.id, transcript.text(), transcript.version(), transcript.digest()));
        } catch (RefusedSpeechException e) {
            out.get(KoineTranscribe.FAILED)
                    .output(new TranscribeFailure(
                            utterance.id,
                            String.valueOf(e.getMessage()),
                            utterance.features.length,
                            utterance.frames,
                            utterance.language,
                            utterance.task));
        }
    }

    private static Transcriber opened(@Nullable Transcriber share) {
        if (share == null) {
            throw new IllegalStateException("an utterance outside of a bundle");
        }
        return share;
    }

    private static Speech speech(Utterance utterance) throws RefusedSpeechException {
        for (Task task : Task.values()) {
            if (task.name().equals(utterance.task)) {
                return new Speech(utterance.features, utterance.frames, utterance.language, task);
            }
        }
        throw new RefusedSpeechException(
                "The task is '" + utterance.task + "'; give one of " + Arrays.toString(Task.values()) + ".");
    }
}
