package dev.koine.engine.merge.recipe;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Weight;
import java.util.BitSet;

/**
 * Overrules how the weights at some places of the graph are pruned.
 *
 * @param pattern a glob over a weight's {@link Weight#position() position}: {@code *} stops at a slash, {@code **} does not,
 *     {@code ?} is one character other than a slash
 */
public record PolicyRule(String pattern, Policy policy) {

    /** Whether this rule speaks of the weight. Follows all ways to match at once: no pattern makes it slow. */
    public boolean matches(Weight weight) {
        int[] glob = pattern.codePoints().toArray();
        BitSet reached = new BitSet();
        reach(glob, 0, reached);
        for (int c : weight.position().codePoints().toArray()) {
            BitSet next = new BitSet();
            for (int i = reached.nextSetBit(0); i >= 0 && i < glob.length; i = reached.nextSetBit(i + 1)) {
                if (takes(glob, i, c)) {
                    reach(glob, glob[i] == '*' ? i : i + 1, next);
                }
            }
            reached = next;
        }
        return reached.get(glob.length);
    }

    /** Marks a place in the pattern, and those behind it that a star lets through without a character. */
    private static void reach(int[] glob, int place, BitSet reached) {
        int i = place;
        while (!reached.get(i)) {
            reached.set(i);
            if (i < glob.length && glob[i] == '*') {
                i += isDoubleStar(glob, i) ? 2 : 1;
            }
        }
    }

    private static boolean takes(int[] glob, int i, int c) {
        return switch (glob[i]) {
            case '*' -> c != '/' || isDoubleStar(glob, i);
            case '?' -> c != '/';
            default -> c == glob[i];
        };
    }

    private static boolean isDoubleStar(int[] glob, int i) {
        return i + 1 < glob.length && glob[i + 1] == '*';
    }
}
