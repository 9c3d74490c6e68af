package dev.koine.cli.console;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/** The signals that ask a process to end, told to whoever listens in place of ending the JVM; one that is ignored stays ignored. */
final class Signals implements AutoCloseable {
    private static final List<String> NAMES = List.of("INT", "TERM", "HUP");

    private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();

    private Signals() {}

    /**
     * Begins to listen.
     *
     * @param ear is told a signal's number, in a thread of its own
     */
    static Signals heardBy(IntConsumer ear) {
        Signals signals = new Signals();
        for (String name : NAMES) {
            try {
                Signal signal = new Signal(name);
                signals.before.put(signal, Signal.handle(signal, heard -> ear.accept(heard.getNumber())));
            } catch (IllegalArgumentException e) {
                LoggerFactory.getLogger(Signals.class).debug("SIG{} is not heard", name, e);
            }
        }
        return signals;
    }

    /** Whether any is: none where the JVM was started with -Xrs. */
    boolean areHeard() {
        return !before.isEmpty();
    }

    /** From now on they do what they did before. */
    @Override
    public void close() {
        before.forEach(Signal::handle);
    }
}
