package dev.koine.speech.evaluation;

import java.nio.file.Path;

/**
 * Where the features of one recording lie: a matrix in a safetensors file. Holds no values; {@link Recordings} reads them.
 *
 * @param file the safetensors file
 * @param id the name of the matrix
 * @param rows the outer dimension
 * @param columns the inner dimension
 * @param bytes of the matrix in the file
 */
public record Recording(Path file, String id, int rows, int columns, long bytes) {}
