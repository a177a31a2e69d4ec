/**
 * A cluster that never exists: no cluster of ours is called so. A share of traffic that goes there is answered with 500, a
 * connection is closed, a datagram dropped.
 */
export const MISSING_CLUSTER = "-";
