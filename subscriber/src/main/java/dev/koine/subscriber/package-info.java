/** What a speech service embeds: follows the updates of one model and swaps it while calls are running. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.subscriber;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
