//! Plan and bench in, events out: the only room with motion.
