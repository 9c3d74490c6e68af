/** One running model per model id: takes complete experts in order, makes versions. */
@NullMarked
package dev.koine.flink.head;

import org.jspecify.annotations.NullMarked;
