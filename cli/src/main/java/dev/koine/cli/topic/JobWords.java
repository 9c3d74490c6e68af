package dev.koine.cli.topic;

import dev.koine.cli.console.Plain;
import dev.koine.cli.option.JobOptions;
import dev.koine.cli.status.Cause;
import dev.koine.cli.status.JobHealth;
import dev.koine.cli.status.JobManager;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;

/**
 * What a sender that waits knows of the merge job.
 *
 * @param gist what has to differ for it to be said again
 */
public record JobWords(String sentence, String gist) {

    /** Asks; that nobody can be asked is told, too. */
    public static JobWords of(JobOptions job, Properties kafka) {
        try {
            Optional<JobManager> manager = job.jobManager(kafka);
            if (manager.isEmpty()) {
                return same("Does the merge job run? koine status --rest-address says.");
            }
            return of(manager.get().look(), Instant.now());
        } catch (IOException e) {
            return same("The merge job cannot be asked: " + Plain.of(String.valueOf(e.getMessage())));
        }
    }

    public static JobWords of(JobHealth health, Instant now) {
        String told = "The merge job " + Plain.of(health.told(now));
        String gist = health.isWell(now)
                ? "well"
                : health.last()
                        .map(last -> health.state() + Cause.kind(last.cause()))
                        .orElse(health.state());
        return new JobWords(
                told.endsWith(".") ? told : told + ".",
                gist.replaceFirst("^(RUNNING|RESTARTING|FAILING|INITIALIZING|CREATED)", ""));
    }

    private static JobWords same(String sentence) {
        return new JobWords(sentence, sentence);
    }
}
