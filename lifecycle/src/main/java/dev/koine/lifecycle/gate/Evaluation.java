package dev.koine.lifecycle.gate;

import dev.koine.schemas.GateReport;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.quarantine.Answers;
import java.util.SortedMap;

/**
 * What the evaluation of a model found.
 *
 * @param answers to one finite input
 * @param counts what it got wrong, of those languages and tasks that did not fail
 */
public record Evaluation(GateReport report, Answers answers, SortedMap<LanguageTask, ErrorCounts> counts) {}
