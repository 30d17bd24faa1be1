//! Job: looks and tells: the hub, the control socket.
//! Takes: clients' questions.
//! Gives: answers from the outbox, acts through it.
//! Never: touches a rule or a sink by itself.

pub mod control;
