package dev.koine.flink.head;

import dev.koine.schemas.GateReport;
import dev.koine.subscriber.evaluation.ErrorCounts;
import dev.koine.subscriber.evaluation.LanguageTask;
import java.util.SortedMap;

/**
 * What the evaluation of a model found.
 *
 * @param counts what it got wrong, of those languages and tasks that did not fail
 */
record Evaluation(GateReport report, SortedMap<LanguageTask, ErrorCounts> counts) {}
