/** Speech recognition and translation with the models that Koine merges. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.speech;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
