/** What the merge job measures, each metric declared once, and the port by which the lifecycle says it; free of Flink. */
@NullMarked
package dev.koine.lifecycle.metric;

import org.jspecify.annotations.NullMarked;
