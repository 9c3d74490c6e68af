package dev.koine.beam;

import dev.koine.serving.ServingSettings;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.apiguardian.api.API;

/**
 * Writes speech down with a model that follows its updates: in the worker's own process, the newest version swapped in while the pipeline
 * runs.
 *
 * <pre>{@code
 * PCollectionTuple texts = utterances.apply(KoineTranscribe.with(ServingSettings.of("kafka:9092", "whisper")));
 * PCollection<Transcription> transcriptions = texts.get(KoineTranscribe.TRANSCRIPTIONS);
 * PCollection<TranscribeFailure> deadLetters = texts.get(KoineTranscribe.FAILED);
 * }</pre>
 *
 * <p>All instances of a JVM share one subscriber, so that a worker has the model in memory once, and twice while versions are swapped. Each
 * transcription names the version that it is from; a bundle has one version from its start to its end. Speech that gets no text, whoever asks again, is a dead letter; trouble with the broker, the
 * disk or ONNX Runtime fails the bundle, and the runner tries it again.
 */
@API(status = API.Status.EXPERIMENTAL)
public final class KoineTranscribe extends PTransform<PCollection<Utterance>, PCollectionTuple> {
    /** What was recognised. */
    public static final TupleTag<Transcription> TRANSCRIPTIONS = new TupleTag<>() {};

    /** What gets no text, and why. */
    public static final TupleTag<TranscribeFailure> FAILED = new TupleTag<>() {};

    private static final long serialVersionUID = 1L;
    private final ServingSettings settings;

    private KoineTranscribe(ServingSettings settings) {
        this.settings = settings;
    }

    /** @param settings whose places are those of the workers */
    public static KoineTranscribe with(ServingSettings settings) {
        return new KoineTranscribe(settings);
    }

    @Override
    public PCollectionTuple expand(PCollection<Utterance> utterances) {
        return utterances.apply(
                "Transcribe",
                ParDo.of(new TranscribeFn(settings)).withOutputTags(TRANSCRIPTIONS, TupleTagList.of(FAILED)));
    }
}
