package dev.koine.engine.merge;

import dev.koine.engine.onnx.Weight;
import dev.koine.engine.taskvector.Policy;
import java.util.regex.Pattern;

/**
 * Overrules how the weights at some places of the graph are pruned.
 *
 * @param pattern a glob over a weight's {@link Weight#position() position}: {@code *} stops at a slash, {@code **} does not,
 *     {@code ?} is one character
 */
public record PolicyRule(String pattern, Policy policy) {

    /** Whether this rule speaks of the weight. */
    public boolean matches(Weight weight) {
        return Pattern.matches(regex(), weight.position());
    }

    private String regex() {
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '*' && pattern.startsWith("**", i)) {
                regex.append(".*");
                i++;
            } else if (c == '*') {
                regex.append("[^/]*");
            } else if (c == '?') {
                regex.append("[^/]");
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return regex.toString();
    }
}
