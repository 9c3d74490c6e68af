package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class EventPublisherTest {
    @Test
    void aClockThatIsWrongIsCalledThat() {
        String reason = EventPublisher.reason(new InvalidTimestampException("Timestamp 2 is out of range."));
        assertThat(reason).contains("clock", "Set the clocks of both right", "Timestamp 2 is out of range.");
    }

    @Test
    void whatElseTheBrokerSaysIsRepeated() {
        assertThat(EventPublisher.reason(new TopicAuthorizationException("Not authorized.")))
                .isEqualTo("Not authorized.");
    }
}
