package dev.koine.engine.tensor;

/** What an expert has in the place of a weight of the base, whatever form the expert comes in: its values, the delta as a product, or nothing of its own. */
public sealed interface Counterpart permits Values, Factors, Counterpart.Same {
    /** What messages call it: the tensor's name. */
    String name();

    /** The expert says nothing of this weight: its delta is zero, and nothing needs to be read. */
    record Same() implements Counterpart {
        @Override
        public String name() {
            return "nothing";
        }
    }
}
