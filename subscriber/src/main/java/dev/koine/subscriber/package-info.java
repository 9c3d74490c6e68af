/** What a speech service embeds: follows the updates of one model and swaps it while calls are running. */
@NullMarked
package dev.koine.subscriber;

import org.jspecify.annotations.NullMarked;
