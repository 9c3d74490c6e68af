/** ONNX Runtime sessions that are opened and closed as one. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.speech.onnx;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
