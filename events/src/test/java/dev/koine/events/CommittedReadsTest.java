package dev.koine.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class CommittedReadsTest {
    @Test
    void onlyWhatIsCommittedIsReadAndSoonAfterItIs() {
        assertThat(CommittedReads.settings(new Properties()))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("allow.auto.create.topics", false)
                .containsEntry("fetch.max.wait.ms", 100);
    }

    @Test
    void whoReadsMayWaitLongerButNotReadMore() {
        assertThat(CommittedReads.settings(Map.of("fetch.max.wait.ms", "700", "isolation.level", "read_uncommitted")))
                .containsEntry("fetch.max.wait.ms", "700")
                .containsEntry("isolation.level", "read_committed");
    }
}
