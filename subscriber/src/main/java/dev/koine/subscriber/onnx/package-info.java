/** ONNX Runtime sessions that are opened and closed as one. */
@NullMarked
package dev.koine.subscriber.onnx;

import org.jspecify.annotations.NullMarked;
