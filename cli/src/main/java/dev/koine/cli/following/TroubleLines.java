package dev.koine.cli.following;

import dev.koine.cli.console.Plain;
import dev.koine.engine.RejectedException;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.Fetched;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.SubscriberListener;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import org.apache.kafka.common.KafkaException;

/** Prints what is wrong, when it begins and where it changes, and what is refused. */
public class TroubleLines implements SubscriberListener {
    private final PrintWriter out;
    private String told = "";

    public TroubleLines(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void onTrouble(String what, Throwable cause) {
        String sentence = what + ": " + sentence(cause);
        if (!told.equals(sentence)) {
            say(sentence);
            told = sentence;
        }
    }

    @Override
    public void onServed(ServedVersion version) {
        told = "";
    }

    @Override
    public void onFetched(ModelUpdate update, Fetched how) {
        say("version " + update.getVersion() + " came: " + how);
    }

    @Override
    public void onRejected(ModelUpdate update, RejectedException reason) {
        say("version " + update.getVersion() + " is refused: " + reason.getMessage());
    }

    /** Prints a line, with the time. */
    public final void say(String sentence) {
        out.printf("%s  %s%n", LocalTime.now().truncatedTo(ChronoUnit.SECONDS), Plain.of(sentence));
    }

    private static String sentence(Throwable cause) {
        String said = String.valueOf(cause.getMessage());
        Throwable wrapped = cause instanceof KafkaException ? cause.getCause() : null;
        return wrapped == null ? said : said + ": " + wrapped.getMessage();
    }
}
