package dev.koine.beam.merge;

import java.io.IOException;
import org.apache.beam.sdk.transforms.DoFn;

/** Takes away what the merge had on its way, once the result is known to be written. */
final class CleanFn extends DoFn<MergedModel, MergedModel> {
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;

    CleanFn(MergeSettings settings) {
        this.settings = settings;
    }

    @ProcessElement
    public void clean(@Element MergedModel merged, OutputReceiver<MergedModel> out) throws IOException {
        settings.deleteScratch();
        out.output(merged);
    }
}
