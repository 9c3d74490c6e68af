/**
 * Native code in a process of its own: what comes from outside is loaded, asked and evaluated by ONNX Runtime in a worker that may die of
 * it.
 */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.speech.quarantine;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
