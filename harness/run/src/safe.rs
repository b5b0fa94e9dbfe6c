//! Taking everything to its safe state and finding out whether it is there.

use crate::executor::Executor;
use crate::halt::Mover;
use certbench_clock::Time;
use certbench_model::{EventBody, FaultKind};
use certbench_roles::Trouble;
use std::time::Duration;

/// How often a device is asked whether it stands.
const ASKED_EVERY: Duration = Duration::from_millis(10);
/// How often the halt is sent again while it does not.
const SENT_EVERY: Duration = Duration::from_millis(100);

/// How far one device's halt is.
struct Halting {
    sent: Result<(), Trouble>,
    answer: Result<Option<bool>, Trouble>,
}

impl Halting {
    fn confirmed(&self) -> bool {
        matches!(self.answer, Ok(Some(true)))
    }

    /// The word for the record.
    fn result(&self) -> &'static str {
        match (&self.sent, &self.answer) {
            (_, Ok(Some(true))) => "confirmed",
            (Err(Trouble::Refused(_)), _) => "refused",
            (Err(_), _) | (_, Err(_)) => "failed",
            _ => "late",
        }
    }

    /// Why it is not confirmed.
    fn trouble(&self, within: Duration) -> Option<Trouble> {
        let seconds = within.as_secs_f64();
        match (&self.sent, &self.answer) {
            (_, Ok(Some(true))) => None,
            (Err(trouble), _) | (_, Err(trouble)) => Some(trouble.clone()),
            (_, Ok(Some(false))) => Some(Trouble::Event {
                code: "halt-late".to_string(),
                text: format!("not in its safe state {seconds} s after the halt"),
            }),
            (_, Ok(None)) => Some(Trouble::Fault(
                FaultKind::Unattributable,
                format!(
                    "no feedback about its safe state for {seconds} s after the halt: either the \
                     device or its link is silent"
                ),
            )),
        }
    }
}

impl Executor {
    /// Takes everything to its safe state: outputs switched, halts repeated until the devices'
    /// own feedback confirms them or time is up, then the next stop path of each that is late or
    /// refuses. The record is told of each. What is left unconfirmed is returned.
    pub(crate) fn settle(&mut self, planned: bool, why: &str) -> Vec<(String, Trouble)> {
        if !self.started {
            return Vec::new();
        }
        let halter = self.shared.halter.clone();
        let movers = &halter.movers;
        let mut all: Vec<Halting> = movers.iter().map(send).collect();
        self.set_safe_outputs();
        let mut told: Vec<String> = movers.iter().map(|_| why.to_string()).collect();
        self.await_confirmation(movers, &mut all);
        let first: Vec<&'static str> = all.iter().map(Halting::result).collect();
        if !self.control.leave_requested() && self.next_paths(movers, &all, &mut told) {
            self.await_confirmation(movers, &mut all);
        }
        let within = self.settings.halt_within;
        let mut left = self.await_programs(planned, why);
        for (((mover, halting), mut text), first) in movers.iter().zip(&all).zip(told).zip(first) {
            if first != "confirmed" && halting.confirmed() {
                text.push_str("; then confirmed");
            }
            if let Some(trouble) = halting.trouble(within) {
                text.push_str(&format!("; {trouble}"));
                self.unsafe_devices.insert(mover.device.clone());
                left.push((mover.device.clone(), trouble));
            } else {
                self.unsafe_devices.remove(&mover.device);
            }
            let result = if self.control.leave_requested() && first == "late" {
                "sent"
            } else {
                first
            };
            self.tell(EventBody::Halted {
                device: mover.device.clone(),
                planned,
                result: result.to_string(),
                text,
            });
        }
        left
    }

    /// Motion is not allowed any more, and the watches do not hold any more.
    pub(crate) fn disarm(&mut self) {
        self.cleared = false;
        self.shared.watches.disarm();
        if std::mem::take(&mut self.armed) {
            self.tell(EventBody::Disarmed);
        }
    }

    fn set_safe_outputs(&mut self) {
        self.renew(self.shared.halter.outputs_at_most());
        for (switch, done) in self.shared.halter.set_outputs() {
            self.renew(self.settings.lease);
            match done {
                Ok(between_ns) => self.tell(EventBody::Switched {
                    output: switch.output,
                    to: switch.state,
                    between_ns,
                }),
                Err(trouble) => self.tell(EventBody::Halted {
                    device: switch.device.id().to_string(),
                    planned: false,
                    result: "failed".to_string(),
                    text: format!(
                        "output `{}` could not be set to `{}`: {trouble}",
                        switch.output, switch.state
                    ),
                }),
            }
        }
    }

    /// Asks and sends until all stand or time is up.
    fn await_confirmation(&self, movers: &[Mover], all: &mut [Halting]) {
        let deadline = self.now() + self.settings.halt_within;
        let mut send_again = self.now() + SENT_EVERY;
        loop {
            let resend = self.now() >= send_again;
            if resend {
                send_again = self.now() + SENT_EVERY;
            }
            for (mover, halting) in movers.iter().zip(all.iter_mut()) {
                if halting.confirmed() {
                    continue;
                }
                halting.answer = mover.halt.confirmed();
                if resend && !halting.confirmed() {
                    halting.sent = mover.halt.halt();
                }
            }
            let done = all.iter().all(Halting::confirmed);
            if done || self.past(deadline) {
                return;
            }
            self.bide(ASKED_EVERY);
        }
    }

    fn past(&self, deadline: Time) -> bool {
        self.now() >= deadline || self.control.leave_requested()
    }

    /// Switches the next stop path of every device that is not confirmed; whether there was one.
    fn next_paths(&self, movers: &[Mover], all: &[Halting], told: &mut [String]) -> bool {
        let mut any = false;
        for ((mover, halting), text) in movers.iter().zip(all).zip(told) {
            let Some(next) = mover.next.as_ref().filter(|_| !halting.confirmed()) else {
                continue;
            };
            any = true;
            self.renew(next.device.call_at_most());
            let (output, state) = (&next.output, &next.state);
            text.push_str(&match next.set() {
                Ok(_) => format!("; next stop path: `{output}` set to `{state}`"),
                Err(trouble) => format!("; next stop path `{output}` failed: {trouble}"),
            });
        }
        any
    }
}

fn send(mover: &Mover) -> Halting {
    Halting {
        sent: mover.halt.halt(),
        answer: Ok(None),
    }
}
