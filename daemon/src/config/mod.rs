//! Job: reads what an admin wrote.
//! Takes: files, layers, overrides.
//! Gives: what the stations need, or every complaint at once.
//! Never: touches the network.
