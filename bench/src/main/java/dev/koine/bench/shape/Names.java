package dev.koine.bench.shape;

import java.util.Arrays;
import java.util.List;

/** Finds a constant by the name that it has on a command line. */
public final class Names {
    private Names() {}

    /** @throws IllegalArgumentException if there is none; says which there are */
    public static <E extends Enum<E>> E find(String name, Class<E> type) {
        List<E> constants = Arrays.asList(type.getEnumConstants());
        return constants.stream()
                .filter(constant -> constant.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no '" + name + "'; there are " + constants));
    }
}
