package dev.koine.speech;

/**
 * The negative log-likelihood of references, in nats. Losses of several texts are added, not averaged.
 *
 * @param nats summed over the units
 * @param units tokens with the end token for encoder-decoder models, utterances for CTC
 */
public record Loss(double nats, long units) {
    /** Of nothing, and of a reference that a model cannot write. */
    public static final Loss NONE = new Loss(0, 0);

    public Loss plus(Loss other) {
        return new Loss(nats + other.nats, units + other.units);
    }

    /** Nats a unit; NaN where there is no unit. */
    public double mean() {
        return nats / units;
    }
}
