package dev.koine.lifecycle.option;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.RemotePlace;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What values an option has.
 *
 * @param <T> a value
 */
public final class OptionType<T> {
    /** Any text. */
    static final OptionType<String> TEXT = new OptionType<>("NAME", "a name", value -> value);

    /** Path of a file or directory. */
    public static final OptionType<String> FILE = new OptionType<>("FILE", "a path", value -> value);

    /** Brokers of Kafka. */
    static final OptionType<String> BROKERS =
            new OptionType<>("HOST:PORT", "brokers as host:port, with commas between them", value -> value);

    /** A property of Kafka's. */
    static final OptionType<String> PROPERTY = new OptionType<>("VALUE", "the property's value", value -> value);

    /** A directory or a prefix in object storage. */
    public static final OptionType<URI> PLACE =
            new OptionType<>("PLACE", "a URI such as file:///var/koine/ or s3://bucket/koine/", OptionType::place);

    /** Several of them. */
    public static final OptionType<List<URI>> PLACES = new OptionType<>(
            "PLACE",
            "URIs such as file:///var/koine/ or s3://bucket/koine/, with commas between them",
            OptionType::places);

    /** Yes or no. */
    static final OptionType<Boolean> SWITCH = new OptionType<>("true|false", "true or false", OptionType::truth);

    /** A duration with its unit; 0 is one. */
    static final OptionType<Duration> DURATION =
            new OptionType<>("DURATION", "a duration such as 30 min or 7 d", Units::duration);

    /** A duration with its unit, over 0. */
    static final OptionType<Duration> POSITIVE_DURATION = new OptionType<>(
            "DURATION", "a duration over 0 such as 30 min or 7 d", value -> positive(Units.duration(value)));

    /** A duration as a number of milliseconds. */
    static final OptionType<Duration> MILLIS = new OptionType<>(
            "MILLIS", wholeFrom(1) + ", in milliseconds", value -> Duration.ofMillis(atLeast(1, value)));

    private final String label;
    private final String wanted;
    private final Reader<T> reader;

    private OptionType(String label, String wanted, Reader<T> reader) {
        this.label = label;
        this.wanted = wanted;
        this.reader = reader;
    }

    /** Names a value in help. */
    public String label() {
        return label;
    }

    /** Completes "give ...". */
    public String wanted() {
        return wanted;
    }

    /** Makes a value of text, or throws if it is none. */
    Reader<T> reader() {
        return reader;
    }

    /** Makes a value of text. */
    @FunctionalInterface
    interface Reader<T> {
        /** The value; an exception, of which nothing is shown, if the text is none. */
        T read(String value) throws RejectedException, URISyntaxException;
    }

    /** Whole numbers; those that are too large are as large as can be. */
    static OptionType<Integer> whole(int least) {
        return new OptionType<>(
                "N", wholeFrom(least), value -> (int) Math.min(atLeast(least, value), Integer.MAX_VALUE));
    }

    /**
     * Sizes in bytes, with their unit.
     *
     * @param bytes the least
     * @param wanted completes "give "
     */
    static OptionType<Long> size(long bytes, String wanted) {
        return new OptionType<>("SIZE", wanted, value -> {
            long size = Units.bytes(value);
            require(size >= bytes);
            return size;
        });
    }

    /** One of some constants, in small letters. */
    @SafeVarargs
    static <E extends Enum<E>> OptionType<E> choice(E... constants) {
        List<String> names = Stream.of(constants)
                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                .toList();
        int last = names.size() - 1;
        return new OptionType<>(
                String.join("|", names),
                String.join(", ", names.subList(0, last)) + " or " + names.get(last),
                value -> Stream.of(constants)
                        .filter(constant -> constant.name().equalsIgnoreCase(value))
                        .findFirst()
                        .orElseThrow(IllegalArgumentException::new));
    }

    private static URI place(String value) throws RejectedException, URISyntaxException {
        URI place = new URI(value);
        boolean isFile = "file".equals(place.getScheme()) && place.getRawAuthority() == null && place.getPath() != null;
        return isFile ? place : RemotePlace.require(place);
    }

    private static List<URI> places(String value) throws RejectedException, URISyntaxException {
        List<String> places = Stream.of(value.split(","))
                .map(String::strip)
                .filter(place -> !place.isEmpty())
                .toList();
        URI[] read = new URI[places.size()];
        for (int i = 0; i < read.length; i++) {
            read[i] = place(places.get(i));
        }
        return List.of(read);
    }

    private static boolean truth(String value) {
        require(value.equals("true") || value.equals("false"));
        return value.equals("true");
    }

    private static Duration positive(Duration duration) {
        require(!duration.isZero());
        return duration;
    }

    private static long atLeast(long least, String value) {
        long number = Long.parseLong(value);
        require(number >= least);
        return number;
    }

    private static String wholeFrom(long least) {
        return "a whole number from " + least + " up";
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException();
        }
    }
}
