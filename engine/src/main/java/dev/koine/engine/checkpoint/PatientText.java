package dev.koine.engine.checkpoint;

/** A text that a pattern out of a file is matched with: some patterns look at its characters without end. */
final class PatientText implements CharSequence {
    private static final int MOST_LOOKS = 200_000;

    private final CharSequence text;
    private final int[] looks;

    PatientText(CharSequence text) {
        this(text, new int[1]);
    }

    private PatientText(CharSequence text, int[] looks) {
        this.text = text;
        this.looks = looks;
    }

    /** The pattern has looked too often. */
    static final class OutOfPatience extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public int length() {
        return text.length();
    }

    @Override
    public char charAt(int index) {
        if (++looks[0] > MOST_LOOKS) {
            throw new OutOfPatience();
        }
        return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
        return new PatientText(text.subSequence(start, end), looks);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
