package dev.koine.beam;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;

/** Makes the event of a submission: hashes every file of the folder. */
final class DescribeFn extends DoFn<Submission, ExpertEvent> {
    private static final long serialVersionUID = 1L;

    @ProcessElement
    public void describe(@Element Submission submission, MultiOutputReceiver out) throws IOException {
        try {
            out.get(KoineSubmit.EVENTS)
                    .output(Input.expert(submission.expert, submission.place).read(() -> event(submission)));
        } catch (RejectedException e) {
            out.get(KoineSubmit.FAILED).output(SubmitFailure.of(submission, e));
        }
    }

    private static ExpertEvent event(Submission submission) throws RejectedException, IOException {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(submission.model)
                .setExpertId(submission.expert)
                .setRevision(submission.revision)
                .setLanguages(submission.languages)
                .setTasks(submission.tasks)
                .setWeight(submission.weight)
                .setBundle(Bundles.toAvro(Bundle.describeWithoutStrays(folder(submission))))
                .setCombine(List.of())
                .setTime(Instant.now().truncatedTo(ChronoUnit.MILLIS))
                .build();
    }

    private static Path folder(Submission submission) throws RejectedException {
        try {
            Path folder = Path.of(submission.place);
            if (folder.isAbsolute() && Files.isDirectory(folder)) {
                return folder;
            }
        } catch (InvalidPathException e) {
            throw noFolder(submission);
        }
        throw noFolder(submission);
    }

    private static RejectedException noFolder(Submission submission) {
        return new RejectedException(
                RejectionCode.MISSING_FILE,
                "'" + submission.place
                        + "' is no folder of this worker. Give the whole path of one that every worker has.");
    }
}
