package dev.koine.flink.head;

import dev.koine.schemas.GateReport;
import dev.koine.subscriber.evaluation.ErrorCounts;
import dev.koine.subscriber.evaluation.LanguageTask;
import dev.koine.subscriber.quarantine.Answers;
import java.util.SortedMap;

/**
 * What the evaluation of a model found.
 *
 * @param answers to one finite input
 * @param counts what it got wrong, of those languages and tasks that did not fail
 */
record Evaluation(GateReport report, Answers answers, SortedMap<LanguageTask, ErrorCounts> counts) {}
