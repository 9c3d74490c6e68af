package dev.koine.beam.merge;

import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Puts the pieces of an expert together: gives its task vector's digest, and its weight. */
final class MemberFn extends DoFn<KV<String, Iterable<Piece>>, KV<String, Double>> {
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;
    private transient LocalStore scratch;

    MemberFn(MergeSettings settings) {
        this.settings = settings;
    }

    @Setup
    public void open() throws IOException {
        scratch = settings.openScratch();
    }

    @ProcessElement
    public void put(@Element KV<String, Iterable<Piece>> expert, OutputReceiver<KV<String, Double>> out)
            throws IOException {
        List<Piece> pieces = new ArrayList<>();
        expert.getValue().forEach(pieces::add);
        pieces.sort(Comparator.comparingInt(Piece::index));
        Piece first = pieces.get(0);
        for (int i = 0; i < first.tasks(); i++) {
            if (pieces.size() != first.tasks() || pieces.get(i).index() != i) {
                throw new IllegalStateException("the pieces " + pieces + " of expert " + expert.getKey());
            }
        }
        TaskVector vector =
                new TaskVector("", "", pieces.stream().map(Piece::digest).toList());
        out.output(KV.of(vector.put(scratch), first.weight()));
    }
}
