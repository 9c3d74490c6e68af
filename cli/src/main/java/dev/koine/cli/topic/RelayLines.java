package dev.koine.cli.topic;

import dev.koine.cli.console.Counted;
import dev.koine.cli.console.Plain;
import dev.koine.engine.RejectedException;
import dev.koine.engine.store.BundleFile;
import dev.koine.events.inband.RelayListener;
import dev.koine.schemas.ModelUpdate;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;

/** Prints what a relay does, a line each; trouble when it begins and where it changes. */
public final class RelayLines implements RelayListener {
    private final PrintWriter out;
    private String told = "";

    public RelayLines(PrintWriter out) {
        this.out = out;
    }

    @Override
    public void onSent(ModelUpdate update, int chunks) {
        told = "";
        say(version(update) + " is on the topic: "
                + (chunks == 0 ? "all of it was there" : "sent " + Counted.of(chunks, "chunk")));
    }

    @Override
    public void onLeftOut(ModelUpdate update, BundleFile file) {
        say(version(update) + " lacks " + file.path() + ", which has " + file.size()
                + " bytes and is left out; --in-band-limit says how many it may have");
    }

    @Override
    public void onRefused(ModelUpdate update, RejectedException reason) {
        say(version(update) + " is not sent: " + reason.code() + ": " + reason.getMessage());
    }

    @Override
    public void onTakenAway(int files) {
        say("Took away " + Counted.of(files, "file") + " that no kept version has");
    }

    @Override
    public void onTrouble(Exception cause) {
        String sentence = "Trouble, tried again: " + cause.getMessage();
        if (!told.equals(sentence)) {
            say(sentence);
            told = sentence;
        }
    }

    private static String version(ModelUpdate update) {
        return "Version " + update.getVersion() + " of " + update.getModelId();
    }

    private void say(String sentence) {
        out.printf("%s  %s%n", LocalTime.now().truncatedTo(ChronoUnit.SECONDS), Plain.of(sentence));
    }
}
