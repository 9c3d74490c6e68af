package dev.koine.flink.config;

import dev.koine.events.signature.TrustedKeys;
import dev.koine.lifecycle.intake.Signatures;
import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.SignaturePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** Reads whose events the job takes from its settings. */
public final class SignatureSettings {
    private SignatureSettings() {}

    /**
     * Reads the trusted keys.
     *
     * @param spelled how options are spelled where the settings come from, for messages
     * @throws IllegalArgumentException if there are no trusted keys where there have to be some, or they cannot be read
     */
    public static Signatures read(JobSettings settings, Function<JobOption<?>, String> spelled) {
        boolean required = settings.get(MergeJobOptions.SIGNATURES) == SignaturePolicy.REQUIRED;
        Optional<String> trusted = settings.said(MergeJobOptions.TRUSTED_KEYS);
        String keys = spelled.apply(MergeJobOptions.TRUSTED_KEYS);
        if (required && trusted.isEmpty()) {
            throw new IllegalArgumentException(spelled.apply(MergeJobOptions.SIGNATURES) + " required needs " + keys
                    + "; nobody could sign otherwise.");
        }
        try {
            return new Signatures(
                    required,
                    trusted.isEmpty() ? TrustedKeys.NONE : TrustedKeys.read(Path.of(trusted.get())),
                    settings.said(MergeJobOptions.SIGNING_KEY).orElse(null));
        } catch (IOException e) {
            throw new IllegalArgumentException(keys + " cannot be used: " + e.getMessage(), e);
        }
    }
}
