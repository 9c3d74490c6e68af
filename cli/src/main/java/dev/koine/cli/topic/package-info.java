/** Events sent, outcomes read, and how both are told. */
@NullMarked
package dev.koine.cli.topic;

import org.jspecify.annotations.NullMarked;
