/** ONNX Runtime sessions that are opened and closed as one. */
@NullMarked
package dev.koine.speech.onnx;

import org.jspecify.annotations.NullMarked;
