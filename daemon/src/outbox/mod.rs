//! Job: remembers: events, deliveries, states, cursors.
//! Takes: groups, settlements, questions.
//! Gives: claims, answers; nothing it has accepted is lost.
//! Never: knows a rule's or a sink's wording.
