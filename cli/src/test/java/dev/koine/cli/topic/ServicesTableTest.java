package dev.koine.cli.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.ServiceFailure;
import dev.koine.schemas.ServiceReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServicesTableTest {
    private static final Instant NOW = Instant.parse("2027-01-15T08:00:00Z");

    @Test
    void saysWhoServesWhatAndWhatWentWrong() {
        ServiceReport serving =
                report("asr-1").setVersion(7L).setSince(NOW.minusSeconds(90)).build();
        serving.setFailures(List.of(
                new ServiceFailure("REFUSED", 8L, "It answers\nnonsense.", 1L, NOW.minusSeconds(60)),
                new ServiceFailure("TROUBLE", null, "No broker.", 12L, NOW.minusSeconds(30))));
        ServiceReport silent =
                report("asr-2").setTime(NOW.minus(Duration.ofMinutes(9))).build();
        ServiceReport ended =
                report("asr-3").setVersion(7L).setSince(NOW).setEnded(true).build();
        assertThat(printed(List.of(serving, silent, ended)).lines().map(String::strip))
                .containsExactly(
                        "service              model                 version  since",
                        "asr-1                demo                        7  2027-01-15T07:58:30Z alive",
                        "2027-01-15T07:59:00Z  refused version 8: It answers?nonsense.",
                        "2027-01-15T07:59:30Z  trouble (12 times): No broker.",
                        "asr-2                demo                     none                       silent for 9 min",
                        "asr-3                demo                        7  2027-01-15T08:00:00Z ended 2027-01-15T08:00:00Z");
        assertThat(printed(List.of())).isEmpty();
    }

    private static ServiceReport.Builder report(String service) {
        return ServiceReport.newBuilder().setService(service).setModelId("demo").setTime(NOW);
    }

    private static String printed(List<ServiceReport> reports) {
        StringWriter text = new StringWriter();
        new ServicesTable(new PrintWriter(text), NOW).print(reports);
        return text.toString();
    }
}
