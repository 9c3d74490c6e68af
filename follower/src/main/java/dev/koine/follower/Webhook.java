package dev.koine.follower;

import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A POST of the {@linkplain Occasion#json occasion} to a URL, as Standard Webhooks has it (standard-webhooks specification 1.0.0): {@code
 * webhook-id}, the same at every try; {@code webhook-timestamp}, seconds; and, where there is a secret, {@code webhook-signature}: {@code v1,}
 * and the Base64 of HMAC-SHA256 of {@code id.timestamp.body}. It worked if a status of 200 to 299 comes back.
 */
public final class Webhook implements Step {
    private static final String SECRET_PREFIX = "whsec_";
    private static final String ALGORITHM = "HmacSHA256";
    private static final int LEAST_SECRET_BYTES = 24;

    private final HttpCall call;
    private final Optional<byte[]> secret;
    private final InstantSource clock;

    /**
     * @param secret to sign with, {@code whsec_} and the Base64 of 24 bytes at least; empty for no signature
     * @param atMost how long an answer may take
     * @throws IllegalArgumentException if the secret is none
     */
    public Webhook(URI url, Optional<String> secret, Duration atMost, InstantSource clock) {
        this.call = new HttpCall(url, atMost);
        this.secret = secret.map(Webhook::key);
        this.clock = clock;
    }

    private static byte[] key(String secret) {
        String text = secret.strip();
        byte[] key;
        try {
            key = text.startsWith(SECRET_PREFIX)
                    ? Base64.getDecoder().decode(text.substring(SECRET_PREFIX.length()))
                    : new byte[0];
        } catch (IllegalArgumentException e) {
            key = new byte[0];
        }
        if (key.length < LEAST_SECRET_BYTES) {
            throw new IllegalArgumentException("The webhook's secret is none. Write it as " + SECRET_PREFIX
                    + " and the Base64 of " + LEAST_SECRET_BYTES + " random bytes or more, such as echo "
                    + SECRET_PREFIX
                    + "$(openssl rand -base64 32).");
        }
        return key;
    }

    @Override
    public void take(Occasion occasion) throws StepFailedException, InterruptedException {
        byte[] body = occasion.json().getBytes(StandardCharsets.UTF_8);
        String timestamp = String.valueOf(clock.instant().getEpochSecond());
        HttpRequest.Builder request = call.request()
                .header("content-type", "application/json")
                .header("webhook-id", occasion.id())
                .header("webhook-timestamp", timestamp)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        secret.ifPresent(
                key -> request.header("webhook-signature", "v1," + signature(key, occasion.id(), timestamp, body)));
        call.send(request.build());
    }

    private static String signature(byte[] key, String id, String timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This Java has no " + ALGORITHM + ".", e);
        }
    }
}
