package dev.koine.engine.linalg;

/**
 * A matrix as a product of two thin factors, {@code U V}: shapes {@code [rows, rank]} and {@code [rank, columns]}, float32, row-major.
 * The singular values are inside {@code u}'s columns or {@code v}'s rows; nobody downstream needs them apart.
 */
public record LowRank(int rows, int columns, int rank, float[] u, float[] v) {}
