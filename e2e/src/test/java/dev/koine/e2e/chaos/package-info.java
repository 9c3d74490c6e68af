/**
 * Koine as a cluster of separate processes ({@code deploy/local}) under faults: killed and hanging processes, a full disk, a broken
 * object store.
 */
@NullMarked
package dev.koine.e2e.chaos;

import org.jspecify.annotations.NullMarked;
