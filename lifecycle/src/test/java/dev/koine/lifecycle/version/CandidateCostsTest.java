package dev.koine.lifecycle.version;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.lifecycle.metric.FakeInstruments;
import dev.koine.schemas.GateReport;
import java.util.List;
import org.junit.jupiter.api.Test;

class CandidateCostsTest {
    private final FakeInstruments told = new FakeInstruments();
    private final CandidateCosts costs = new CandidateCosts(told);

    @Test
    void aCandidateWithoutAGateIsMadeAndNotJudged() {
        costs.noteMade("ctc", 1, 40, null);
        assertThat(told.histograms).containsOnlyKeys("version.making_seconds[ctc]");
        assertThat(told.histograms.get("version.making_seconds[ctc]")).containsExactly(40_000_000L);
        assertThat(told.counters).isEmpty();
    }

    @Test
    void verdictsAreToldApart() {
        costs.noteBase("ctc", report(true));
        costs.noteMade("ctc", 1, 40, report(true));
        costs.noteMade("ctc", 2, 40, report(false));
        costs.noteRefused("ctc", 3, 40, report(false));
        assertThat(told.counters)
                .containsEntry("gate.verdicts_total[ctc, passed]", 2L)
                .containsEntry("gate.verdicts_total[ctc, observed]", 1L)
                .containsEntry("gate.verdicts_total[ctc, refused]", 1L)
                .hasSize(3);
        assertThat(told.histograms.get("gate.evaluation_seconds[ctc]")).containsOnly(7_000_000L);
        assertThat(told.histograms.get("version.making_seconds[ctc]"))
                .as("nothing is made of a base")
                .hasSize(3);
    }

    private static GateReport report(boolean passed) {
        return GateReport.newBuilder()
                .setPolicy(GatePolicies.defaults().build())
                .setPassed(passed)
                .setReasons(List.of())
                .setScores(List.of())
                .setEvaluationSets(List.of())
                .setEvaluationMillis(7)
                .build();
    }
}
