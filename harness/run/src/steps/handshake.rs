//! The handshake with a robot that does programs of its own, over its contacts: it stands before it is
//! started, it is seen to begin, and it is seen at its end. Contacts that are stuck let no robot pass.

use crate::executor::{Cut, Executor};
use crate::resolve::seconds;
use crate::trouble::fault;
use certbench_clock::Time;
use certbench_model::plan::{Contact, Programs};
use certbench_model::step::Otherwise;
use certbench_model::{FaultKind, Text};
use std::collections::BTreeMap;

/// A robot stands, and says that it has begun, within this time, seconds.
const AT_MOST_S: f64 = 5.0;

/// A start whose end was not seen yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    at_ns: u64,
    /// It was seen to begin.
    begun: bool,
    /// It said before that it was at its end: when it does not say so any more, it has begun.
    was_done: bool,
}

impl Executor {
    /// It stands; from here on it is looked at whether it begins. What its contacts show while the
    /// start is still being given counts: a program may be over by then.
    pub(super) fn about_to_start(&mut self, id: &str, wiring: &Programs) -> Result<(), Cut> {
        if let Some(busy) = wiring.busy.as_ref().filter(|busy| self.says(busy)) {
            let stands = self.await_contacts(&[busy], AT_MOST_S, |run| !run.says(busy))?;
            if !stands {
                let text = format!(
                    "`{id}` is to be started, and its contact has said for {AT_MOST_S} s that it is \
                     under way: either its last program is not over, which is to be awaited or aborted \
                     first, or the contact is stuck"
                );
                return Err(self.nobody_knows(busy, text));
            }
        }
        let start = Start {
            at_ns: self.shared.now_ns(),
            begun: false,
            was_done: wiring.done.as_ref().is_some_and(|done| self.says(done)),
        };
        self.case.starts.insert(id.to_string(), start);
        Ok(())
    }

    /// It was aborted: nothing will come of its start.
    pub(super) fn forget_start(&mut self, id: &str) {
        self.case.starts.remove(id);
    }

    /// Awaits that it is under way, or that it was since its start.
    pub(super) fn begins(
        &mut self,
        id: &str,
        wiring: &Programs,
        within_s: f64,
        otherwise: &Otherwise,
    ) -> Result<(), Cut> {
        let Some(busy) = &wiring.busy else {
            return self.watched(id, wiring);
        };
        let start = self.case.starts.get(id);
        let begins = match start.is_some_and(|start| !start.begun) {
            true => self.seen_to_begin(id, wiring, within_s)?,
            false => {
                let since = self.shared.now_ns();
                self.await_contacts(&[busy], within_s, |run| run.said(busy, since))?
            }
        };
        match begins {
            true => Ok(()),
            false => self.missed(&words(&[busy]), within_s, otherwise),
        }
    }

    /// A robot whose end is awaited must have begun.
    pub(super) fn must_begin(
        &mut self,
        id: &str,
        wiring: &Programs,
        within_s: f64,
    ) -> Result<(), Cut> {
        let within_s = within_s.min(AT_MOST_S);
        let Some(contact) = wiring.busy.as_ref().or(wiring.done.as_ref()) else {
            return Ok(());
        };
        if self.seen_to_begin(id, wiring, within_s)? {
            return Ok(());
        }
        let text = format!(
            "`{id}` was started, and within {within_s} s its contacts did not say that it had begun: \
             either the start did not reach it, or they are stuck, or all that it did was over between \
             two samples, {} s apart; a program that may find the robot where it ends must dwell there \
             for longer than that",
            self.interval_s(contact)
        );
        Err(self.nobody_knows(contact, text))
    }

    /// Whether a robot that was started is seen to begin: it says that it is under way, or no longer
    /// that it is at its end.
    fn seen_to_begin(&mut self, id: &str, wiring: &Programs, within_s: f64) -> Result<bool, Cut> {
        let start = self.case.starts.get(id).copied();
        let Some(start) = start.filter(|start| !start.begun) else {
            return Ok(true);
        };
        let busy = wiring.busy.as_ref();
        let fell = wiring.done.as_ref().map(not);
        let fell = fell.as_ref().filter(|_| start.was_done || busy.is_none());
        let signs: Vec<&Contact> = busy.into_iter().chain(fell).collect();
        let seen = self.await_contacts(&signs, within_s, |run| {
            signs.iter().any(|sign| run.said(sign, start.at_ns))
        })?;
        if let (true, Some(start)) = (seen, self.case.starts.get_mut(id)) {
            start.begun = true;
        }
        Ok(seen)
    }

    /// Awaits that it is at its end: it says so, and no longer that it is under way.
    pub(super) fn ends(
        &mut self,
        id: &str,
        wiring: &Programs,
        within_s: f64,
        otherwise: &Otherwise,
    ) -> Result<(), Cut> {
        let done = wiring.done.as_ref();
        let stands = wiring.busy.as_ref().map(not);
        let signs: Vec<&Contact> = done.into_iter().chain(stands.as_ref()).collect();
        if signs.is_empty() {
            return self.watched(id, wiring);
        }
        let since = self.shared.now_ns();
        // Where it was not done when it was started, what said so since is its end, a pulse that is over
        // by now too.
        let start = self.case.starts.get(id).filter(|start| !start.was_done);
        let done_since = start.map_or(since, |start| start.at_ns);
        let ended = self.await_contacts(&signs, within_s, |run| {
            // A pulse says that it is done; that it stands is said for as long as it does.
            done.is_none_or(|done| run.said(done, done_since))
                && stands
                    .as_ref()
                    .is_none_or(|stands| run.said(stands, since) && run.says(stands))
        })?;
        self.forget_start(id);
        match ended {
            true => Ok(()),
            false => self.missed(&words(&signs), within_s, otherwise),
        }
    }

    /// No contact says it: the operator does.
    fn watched(&mut self, id: &str, wiring: &Programs) -> Result<(), Cut> {
        match &wiring.watched_by {
            Some(text) => self.at_the_pendant(id, text, BTreeMap::new()),
            None => {
                let text = format!("nothing says whether `{id}` is under way");
                Err(self.impossible(Text::same(text)))
            }
        }
    }

    /// Waits for what contacts say; whether it came.
    fn await_contacts(
        &mut self,
        contacts: &[&Contact],
        within_s: f64,
        enough: impl Fn(&Executor) -> bool,
    ) -> Result<bool, Cut> {
        let deadline = self.now() + seconds(within_s);
        let channels: Vec<u16> = contacts.iter().filter_map(|c| self.channel_of(c)).collect();
        channels
            .iter()
            .for_each(|channel| self.shared.follow(*channel));
        let come = self.await_deadline(deadline, enough);
        channels
            .iter()
            .for_each(|channel| self.shared.unfollow(*channel));
        come
    }

    fn await_deadline(
        &mut self,
        deadline: Time,
        enough: impl Fn(&Executor) -> bool,
    ) -> Result<bool, Cut> {
        while !enough(self) {
            if self.now() >= deadline {
                return Ok(false);
            }
            self.idle(deadline)?;
        }
        Ok(true)
    }

    /// Whether a contact says yes in its latest sample.
    fn says(&self, contact: &Contact) -> bool {
        let on = self.channel_of(contact);
        on.and_then(|channel| self.shared.board.is_on(channel)) == Some(contact.on)
    }

    /// Whether it said yes in any sample since a time.
    fn said(&self, contact: &Contact, since_ns: u64) -> bool {
        let channel = self.channel_of(contact);
        let at = channel.and_then(|channel| self.shared.board.level_ns(channel, contact.on));
        at >= Some(since_ns)
    }

    fn channel_of(&self, contact: &Contact) -> Option<u16> {
        self.bench.plan.channel(&contact.channel).map(|(i, _)| i)
    }

    fn interval_s(&self, contact: &Contact) -> f64 {
        let channel = self.bench.plan.channel(&contact.channel);
        channel.map_or(0.0, |(_, channel)| channel.interval_s)
    }

    /// It is the robot, or what is to say something of it.
    fn nobody_knows(&mut self, contact: &Contact, text: String) -> Cut {
        self.cut(fault(FaultKind::Unattributable, &contact.channel, text))
    }
}

/// The contact that says yes where this one says no.
fn not(contact: &Contact) -> Contact {
    Contact {
        on: !contact.on,
        ..contact.clone()
    }
}

/// `robot_done on, robot_busy off`.
fn words(contacts: &[&Contact]) -> String {
    let word = |contact: &&Contact| {
        let level = if contact.on { "on" } else { "off" };
        format!("{} {level}", contact.channel)
    };
    contacts.iter().map(word).collect::<Vec<_>>().join(", ")
}
