//! Job: the battery of tests that every plugin passes.
//! Takes: a plugin, and how to make it meet each case.
//! Gives: simulated doors, and one call that runs all cases.
//! Never: is part of what ships at run time.
