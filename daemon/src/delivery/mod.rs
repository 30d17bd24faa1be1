//! Job: the values that the stations share, and the states of a delivery.
//! Takes: nothing.
//! Gives: Planned, Memory, Decision, State, and the ids computed from them.
//! Never: reads a clock, does I/O, or is async.
