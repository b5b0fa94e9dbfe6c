//! Suite, bench and job files: as written, what they mean, complaints with line and column, the plan.
