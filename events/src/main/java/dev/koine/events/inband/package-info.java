/** Files of versions as chunks on a topic, for services that reach the broker and no store: cut, sent, received, held against their digests. */
@NullMarked
package dev.koine.events.inband;

import org.jspecify.annotations.NullMarked;
