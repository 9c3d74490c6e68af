/** Versions as training frameworks and services load them: safetensors checkpoints, and LoRA adapters. */
@NullMarked
package dev.koine.engine.export;

import org.jspecify.annotations.NullMarked;
