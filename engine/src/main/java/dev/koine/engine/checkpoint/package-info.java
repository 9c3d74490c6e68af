/**
 * Models as training frameworks keep them: safetensors checkpoints and LoRA adapters, and the map between their tensors and the weights of an
 * exported graph, found by content.
 */
@NullMarked
package dev.koine.engine.checkpoint;

import org.jspecify.annotations.NullMarked;
