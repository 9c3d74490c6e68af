/** The bytes of a protobuf message, read field by field with caps and without weights; knows nothing of ONNX. */
@NullMarked
package dev.koine.engine.onnx.wire;

import org.jspecify.annotations.NullMarked;
