/** The store in object storage such as S3, by way of Flink's file systems. */
@NullMarked
package dev.koine.objectstore;

import org.jspecify.annotations.NullMarked;
