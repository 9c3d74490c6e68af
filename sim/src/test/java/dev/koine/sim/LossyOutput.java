package dev.koine.sim;

import dev.koine.engine.RejectionCode;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.intake.Intake;
import dev.koine.schemas.Rejection;

/** Loses the rejections of graphs that do not match. */
record LossyOutput(Intake.Output output) implements Intake.Output {
    @Override
    public void turn(Turn turn) {
        output.turn(turn);
    }

    @Override
    public void task(PruneTaskMessage task) {
        output.task(task);
    }

    @Override
    public void rejection(Rejection rejection) {
        if (!rejection.getCode().equals(RejectionCode.GRAPH_MISMATCH.name())) {
            output.rejection(rejection);
        }
    }
}
