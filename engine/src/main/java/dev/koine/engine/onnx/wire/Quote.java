package dev.koine.engine.onnx.wire;

/** Names out of a file, as they stand in a message: short, and without control characters. */
public final class Quote {
    private static final int LONGEST = 160;

    private Quote() {}

    public static String of(String name) {
        String cut = name.length() <= LONGEST ? name : name.substring(0, LONGEST) + "...";
        StringBuilder clean = new StringBuilder(cut.length());
        for (int i = 0; i < cut.length(); i++) {
            char c = cut.charAt(i);
            clean.append(Character.isISOControl(c) ? '?' : c);
        }
        return clean.toString();
    }
}
