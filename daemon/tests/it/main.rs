//! Job: the daemon as others meet it.
//! Takes: its library, on port 0 and in temporary folders.
//! Gives: the claims that hold across stations.
//! Never: reaches outside this machine.

mod hub;
mod simulate;
