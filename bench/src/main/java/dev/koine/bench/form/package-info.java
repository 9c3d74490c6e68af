/** What an expert costs in each of the forms that it may have. */
@NullMarked
package dev.koine.bench.form;

import org.jspecify.annotations.NullMarked;
