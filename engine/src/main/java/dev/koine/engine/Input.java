package dev.koine.engine;

import java.io.IOException;

/**
 * What a refusal is about where several inputs are at work: the base, one of the experts, an evaluation set. Whoever knows which input
 * is being read runs the reading in {@link #read}, and no refusal in it has to know.
 *
 * @param name as a message begins with it, such as {@code Expert 'de' (models/de)}
 */
public record Input(String name) {

    /** Work on one input. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws RejectedException, IOException;
    }

    /**
     * An expert.
     *
     * @param id its id in the event, or its name on the command line
     * @param place a folder or URI
     */
    public static Input expert(String id, Object place) {
        return new Input("Expert '" + id + "' (" + place + ")");
    }

    /**
     * A base.
     *
     * @param place a folder or URI
     */
    public static Input base(Object place) {
        return new Input("The base (" + place + ")");
    }

    /**
     * An evaluation set.
     *
     * @param place a folder or URI
     */
    public static Input evaluationSet(Object place) {
        return new Input("The evaluation set (" + place + ")");
    }

    /** Runs the work; a refusal in it names this input first, if it names none yet. */
    public <T> T read(Work<T> work) throws RejectedException, IOException {
        try {
            return work.run();
        } catch (RejectedException e) {
            throw e.about(this);
        }
    }
}
