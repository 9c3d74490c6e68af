package dev.koine.engine.merge.method;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.List;

/** The merge methods that there are. */
public final class MergeMethods {
    private static final List<MergeMethod> ALL = List.of(
            new Compact(),
            new RegMean(),
            new Lors(),
            new LowRankOnly(),
            new Magnitude(),
            new TaskArithmetic(),
            new Dare(),
            new Ties());

    private MergeMethods() {}

    /** All of them, the default first. */
    public static List<MergeMethod> all() {
        return ALL;
    }

    /** All their names. */
    public static List<String> names() {
        return ALL.stream().map(MergeMethod::name).toList();
    }

    /**
     * The method of this name.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if there is none
     */
    public static MergeMethod of(String name) throws RejectedException {
        return ALL.stream()
                .filter(method -> method.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "The recipe's method is '" + name + "'; it must be one of " + names() + "."));
    }
}
