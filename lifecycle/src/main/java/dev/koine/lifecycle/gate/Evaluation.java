package dev.koine.lifecycle.gate;

import dev.koine.schemas.GateReport;

/** What the evaluation of a model found, and what the gate says of that. */
public record Evaluation(GateReport report, Measured measured) {}
