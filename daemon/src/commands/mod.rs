//! Job: what the commands of the command line do.
//! Takes: their options, the doors, and where to print.
//! Gives: one function a command.
//! Never: exits, or reads the command line by itself.

pub mod simulate;
