/** What this machine can do at best, and what a process used of it. */
@NullMarked
package dev.koine.bench.machine;

import org.jspecify.annotations.NullMarked;
