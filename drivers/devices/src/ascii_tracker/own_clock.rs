//! The instrument's own clock, printed in each line: what it says of how late a line came.
//!
//! Nobody knows where that clock began. But of all lines the one that came fastest bounds the offset
//! between the two clocks from above, so the offset may only shrink, except for what two clocks drift
//! apart. A line that came later than the fastest is dated back by its lag: a computer that looked
//! late, or an adapter that held bytes back, does not shift the reading. What this cannot see is a
//! lag that every line has alike, from the first on: that is the delay which the certificate states.

use std::time::Duration;

use certbench_clock::Time;

/// How much faster one clock may run than the other: quartz.
const DRIFT: f64 = 100e-6;

/// What is known of the instrument's clock.
#[derive(Debug, Default)]
pub(super) struct OwnClock {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    /// Its time in the last line, s.
    t_s: f64,
    /// Ours minus its, at most, s.
    offset_s: f64,
}

impl OwnClock {
    /// A line that its clock dates `t_s` had arrived by then: how much later than the fastest. `None`
    /// when its clock went back: it began anew, and so does this.
    pub(super) fn lag(&mut self, t_s: f64, arrived: Time) -> Option<Duration> {
        let apart_s = arrived.as_secs_f64() - t_s;
        let before = self.last.replace(Last {
            t_s,
            offset_s: apart_s,
        });
        let Some(before) = before else {
            return Some(Duration::ZERO);
        };
        if t_s < before.t_s {
            return None;
        }
        let drifted_s = before.offset_s + DRIFT * (t_s - before.t_s);
        let offset_s = apart_s.min(drifted_s);
        self.last = Some(Last { t_s, offset_s });
        Duration::try_from_secs_f64(apart_s - offset_s).ok()
    }
}
