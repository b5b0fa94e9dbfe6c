//! Events and samples to a run folder and back.
