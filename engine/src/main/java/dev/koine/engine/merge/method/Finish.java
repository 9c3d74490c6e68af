package dev.koine.engine.merge.method;

/**
 * What makes a weight's merged delta of what is accumulated. Is called in Head for every version and wherever a norm is needed, so it is a
 * function of its arguments alone: plain Java, sums in a fixed order, no decomposition by other hardware or libraries. Else a version
 * would not be a function of its inputs. Sums that are all zero come to a delta of zero: weights that nothing was added to are not looked
 * at. Safe for several threads.
 */
public sealed interface Finish permits Elementwise, WholeMatrix {}
