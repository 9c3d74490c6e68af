package dev.koine.engine.merge.recipe;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The factor of the merged delta: a number, or a policy that gives one.
 *
 * <pre>
 *   0.2                 FIXED         the number itself
 *   1/n                 PER_EXPERT    a number divided by the number of experts inside
 *   norm                NORM          as long as the task vectors are on average; 0.5*norm is half of that
 *   model-stock         MODEL_STOCK   from the angles between the task vectors; 0.5*model-stock is half of that
 *   search:0.1,0.2      SEARCH        the best of these on the evaluation sets; without numbers, of {@link #DEFAULT_GRID}
 * </pre>
 *
 * <p>{@code :0.4} behind one of the middle three is the largest scale that it may give: without it, a model with one expert inside is
 * that expert, and the next one that comes takes back what the first had gained.
 *
 * @param factor for FIXED the scale, for PER_EXPERT, NORM and MODEL_STOCK what theirs is multiplied with; 1 for SEARCH
 * @param grid the scales that SEARCH tries; empty for all others
 * @param limit the largest scale that PER_EXPERT, NORM and MODEL_STOCK may give, over 0; infinite for none
 */
public record Scale(Scaling scaling, double factor, List<Double> grid, double limit) {

    /** What {@code search} tries: none over the limit of the default scale, for the same reason. TIES, a mean, wants larger ones. */
    public static final List<Double> DEFAULT_GRID = List.of(0.1, 0.15, 0.2, 0.25, 0.3, 0.4);

    /** Each is a candidate that is written and evaluated. */
    private static final int LONGEST_GRID = 16;

    /** The limit of a policy that has none. */
    public static final double NO_LIMIT = Double.POSITIVE_INFINITY;

    private static final String NORM_TEXT = "norm";
    private static final String MODEL_STOCK_TEXT = "model-stock";
    private static final String SEARCH_TEXT = "search";

    public Scale {
        grid = List.copyOf(grid);
    }

    /** The number itself. */
    public static Scale fixed(double scale) {
        return new Scale(Scaling.FIXED, scale, List.of(), NO_LIMIT);
    }

    /** A policy that needs no more than a factor. */
    public static Scale of(Scaling scaling, double factor) {
        return new Scale(scaling, factor, List.of(), NO_LIMIT);
    }

    /** The best of these. */
    public static Scale search(List<Double> grid) {
        return new Scale(Scaling.SEARCH, 1, grid, NO_LIMIT);
    }

    /** This policy, giving no more than a limit. */
    public Scale atMost(double largest) {
        return new Scale(scaling, factor, grid, largest);
    }

    /** What a scale that the policy came to is with the limit. */
    public double limited(double scale) {
        return Math.min(scale, limit);
    }

    /** The scale for a number of experts, by FIXED or PER_EXPERT. */
    public double of(int experts) {
        return scaling == Scaling.FIXED ? factor : limited(factor / Math.max(1, experts));
    }

    /**
     * Reads the form that the class comment shows.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if it is none of these, or out of range
     */
    public static Scale parse(String text) throws RejectedException {
        try {
            if (text.equals(SEARCH_TEXT)) {
                return search(DEFAULT_GRID);
            }
            if (text.startsWith(SEARCH_TEXT + ":")) {
                List<Double> grid = new ArrayList<>();
                for (String number : text.substring(SEARCH_TEXT.length() + 1).split(",", -1)) {
                    grid.add(Double.valueOf(number));
                }
                return search(grid).validated();
            }
            int colon = text.lastIndexOf(':');
            if (colon >= 0) {
                double limit = Double.parseDouble(text.substring(colon + 1));
                return parse(text.substring(0, colon)).atMost(limit).validated();
            }
            if (text.endsWith("/n")) {
                return of(Scaling.PER_EXPERT, Double.parseDouble(text.substring(0, text.length() - 2)))
                        .validated();
            }
            for (Scale policy : List.of(of(Scaling.NORM, 1), of(Scaling.MODEL_STOCK, 1))) {
                if (text.equals(policy.toString())) {
                    return policy;
                }
                if (text.endsWith("*" + policy)) {
                    String factor =
                            text.substring(0, text.length() - policy.toString().length() - 1);
                    return of(policy.scaling(), Double.parseDouble(factor)).validated();
                }
            }
            return fixed(Double.parseDouble(text)).validated();
        } catch (NumberFormatException e) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The recipe's scale is '" + text
                            + "'; give a number, 1/n, norm, model-stock, one of the last three with its largest value as in norm:0.4,"
                            + " search, or search:0.1,0.2,0.3 with numbers of your own.");
        }
    }

    /**
     * Checks the ranges.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a number is not finite, or a grid is empty or too long
     */
    public Scale validated() throws RejectedException {
        require(Double.isFinite(factor), "scale is " + factor + "; give a finite number");
        require(
                limit == NO_LIMIT || (scaling != Scaling.FIXED && scaling != Scaling.SEARCH),
                "scale has a limit, and its policy is " + scaling + "; give one of them");
        if (scaling == Scaling.SEARCH) {
            require(
                    !grid.isEmpty() && grid.size() <= LONGEST_GRID,
                    "scale is searched among " + grid.size() + " numbers; give 1 to " + LONGEST_GRID);
            for (double scale : grid) {
                require(Double.isFinite(scale), "scale is searched among " + grid + "; give finite numbers");
            }
        } else {
            require(limit > 0, "scale may be " + limit + " at most; give a number over 0");
            require(grid.isEmpty(), "scale has a grid to search, and its policy is " + scaling + "; give one of them");
        }
        return this;
    }

    /** The form that {@link #parse} reads. */
    @Override
    public String toString() {
        return switch (scaling) {
            case FIXED -> text(factor);
            case PER_EXPERT -> text(factor) + "/n" + limitText();
            case NORM -> product(NORM_TEXT);
            case MODEL_STOCK -> product(MODEL_STOCK_TEXT);
            case SEARCH -> grid.stream().map(Scale::text).collect(Collectors.joining(",", SEARCH_TEXT + ":", ""));
        };
    }

    private String product(String policy) {
        return (factor == 1 ? policy : text(factor) + "*" + policy) + limitText();
    }

    private String limitText() {
        return limit == NO_LIMIT ? "" : ":" + text(limit);
    }

    private static String text(double number) {
        String text = Double.toString(number);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static void require(boolean holds, String message) throws RejectedException {
        if (!holds) {
            throw new RejectedException(RejectionCode.INVALID_EVENT, "The recipe's " + message + ".");
        }
    }
}
