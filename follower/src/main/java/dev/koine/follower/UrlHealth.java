package dev.koine.follower;

import java.net.URI;
import java.time.Duration;

/** A GET of a URL: the server is well if a status of 200 to 299 comes back. */
public final class UrlHealth implements Step {
    private final HttpCall call;

    /** @param atMost how long an answer may take */
    public UrlHealth(URI url, Duration atMost) {
        this.call = new HttpCall(url, atMost);
    }

    @Override
    public void take(Occasion occasion) throws StepFailedException, InterruptedException {
        call.send(call.request().GET().build());
    }
}
