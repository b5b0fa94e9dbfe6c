//! Steps beside other steps, blocks, preconditions, and values taken from windows.

use super::{CaseReader, Place};
use crate::check::literal::identifier;
use crate::check::shared::not_empty;
use crate::complaint::{Complaint, Span};
use crate::written::step::{
    Block as WrittenBlock, During as WrittenDuring, Take as WrittenTake, TakenWord,
    Wait as WrittenWait,
};
use crate::yaml::{At, Entries};
use certbench_model::Step;
use certbench_model::step::{
    Beside, Block, During, Otherwise, Presence, Require, Take, Taken, Wait,
};
use std::collections::BTreeMap;

impl<'a> CaseReader<'a, '_> {
    pub(super) fn during(
        &self,
        written: &'a WrittenDuring,
        head: Span,
        place: &Place<'a>,
    ) -> Option<During> {
        self.not_in_closing("during", head, place);
        let sink = self.env.sink;
        if place.beside {
            let message = "a `during` inside a `during`: put all branches into one";
            sink.push(Complaint::new("nested-during", head, message));
        }
        not_empty("empty-steps", "leading steps", &written.steps, sink);
        not_empty("empty-steps", "branches", &written.beside, sink);
        let inner = Place {
            beside: true,
            ..place.clone()
        };
        let steps = self.steps(&written.steps, &inner);
        let mut owners = BTreeMap::new();
        self.owned(&steps, "the leading steps", written.steps.head, &mut owners);
        let mut beside: Vec<Beside> = Vec::new();
        let mut complete = true;
        for at in written.beside.get().into_iter().flatten() {
            let Some(branch) = at.get() else {
                complete = false;
                continue;
            };
            not_empty("empty-steps", "steps of the branch", &branch.steps, sink);
            let id = branch
                .id
                .get()
                .and_then(|id| identifier(id, branch.id.span, "a branch", sink));
            if let Some(id) = &id
                && beside.iter().any(|b| b.id == *id)
            {
                let message = format!("branch `{id}` is there twice");
                sink.push(Complaint::new("duplicate-id", branch.id.span, message));
            }
            let steps = self.steps(&branch.steps, &inner);
            for step in steps.iter().filter(|s| !s.may_stand_beside()) {
                let message = format!("a `{}` cannot stand in a branch", step.word());
                sink.push(
                    Complaint::new("not-beside", branch.steps.head, message).note(
                        "a branch commands, switches and waits; what is measured, asked or repeated leads",
                    ),
                );
            }
            let name = branch.id.get().map_or("", String::as_str);
            let who = format!("branch `{name}`");
            self.owned(&steps, &who, branch.steps.head, &mut owners);
            let passes = match &branch.at_most {
                None => Some(1),
                Some(n) => self.positive_count(n, place),
            };
            let within_s = self.env.seconds(&branch.within, &place.scope);
            match (id, passes, within_s) {
                (Some(id), Some(passes), Some(within_s)) => beside.push(Beside {
                    id,
                    steps,
                    passes,
                    within_s,
                }),
                _ => complete = false,
            }
        }
        complete.then_some(During { steps, beside })
    }

    /// Notes who commands which device; two owners of one are a mistake. Nobody may be inside.
    fn owned(
        &self,
        steps: &[Step],
        who: &str,
        at: Span,
        owners: &mut BTreeMap<String, (String, Span)>,
    ) {
        let sink = self.env.sink;
        let mut all = Vec::new();
        every_step(steps, &mut all);
        for step in all {
            if matches!(step, Step::Prompt(p) if p.presence == Presence::Inside) {
                let message = "a person inside, while something may move beside these steps";
                sink.push(
                    Complaint::new("inside-beside", at, message)
                        .help("ask before or after the `during`, or with `presence: outside`"),
                );
            }
            let Some(device) = step.commands() else {
                continue;
            };
            let mine = (who.to_string(), at);
            let owner = owners.entry(device.to_string()).or_insert(mine);
            if owner.0 != who {
                let message = format!("`{device}` is commanded by {} and by {who}", owner.0);
                sink.push(Complaint::new("two-owners", at, message).also(owner.1, "here as well"));
            }
        }
    }

    pub(super) fn block(
        &self,
        written: &'a WrittenBlock,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Block> {
        let sink = self.env.sink;
        if written.template.is_none() {
            self.not_in_closing("block", head, place);
        }
        not_empty("empty-steps", "steps of the block", &written.steps, sink);
        let id = written.id.get();
        let id = id.and_then(|id| identifier(id, written.id.span, "a block", sink));
        let setup = written.setup.as_ref();
        let setup = setup.map_or_else(Vec::new, |s| self.steps(s, place));
        let steps = self.steps(&written.steps, place);
        let closing = Place {
            closing: true,
            ..place.clone()
        };
        let finally = written.finally.as_ref();
        let finally = finally.map_or_else(Vec::new, |s| self.steps(s, &closing));
        Some(Block {
            id: id?,
            template: written.template.as_ref().and_then(|t| t.value.clone()),
            setup,
            steps,
            finally,
        })
    }

    /// A precondition: a wait whose time-out says that the test cannot be held.
    pub(super) fn require(
        &self,
        written: &'a WrittenWait,
        head: Span,
        place: &Place<'a>,
    ) -> Option<Require> {
        let sink = self.env.sink;
        if let Some(time) = &written.time {
            let message = "a precondition is a condition on a channel, not a time";
            sink.push(Complaint::new("one-of", time.span, message));
            return None;
        }
        let place = Place {
            requiring: true,
            ..place.clone()
        };
        let wait = self.wait(written, head, &place)?;
        let (condition, within_s, otherwise) = match wait {
            Wait::Until {
                condition,
                within_s,
                otherwise,
            } => (condition, within_s, otherwise),
            Wait::For(_) => return None,
            Wait::When { .. } => {
                let message = "a precondition looks at one channel";
                let at = written.when.as_ref().map_or(head, |w| w.span);
                let complaint = Complaint::new("one-of", at, message);
                sink.push(complaint.help("write several `require` steps, one a channel"));
                return None;
            }
        };
        if !matches!(otherwise, Otherwise::NotTested | Otherwise::Invalid(_)) {
            let at = written.otherwise.as_ref().map_or(head, |o| o.span);
            let message =
                "a precondition that is not met is `not-tested`, or makes the trial invalid";
            sink.push(
                Complaint::new("out-of-range", at, message)
                    .help("leave `otherwise` out, or write `otherwise: { invalid: reason }`"),
            );
            return None;
        }
        Some(Require {
            condition,
            within_s,
            otherwise,
        })
    }

    /// Values that are taken as a window closes.
    pub(super) fn take(
        &self,
        written: Option<&'a At<Entries<At<WrittenTake>>>>,
        record: &[String],
        place: &Place<'a>,
    ) -> Vec<Take> {
        let sink = self.env.sink;
        let mut all = Vec::new();
        for (name, span, at) in written
            .and_then(At::get)
            .into_iter()
            .flat_map(Entries::iter)
        {
            let name_here = identifier(name, span, "a taken value", sink);
            if name_here.is_some()
                && (self.env.channels.contains_key(name)
                    || name == "passes"
                    || certbench_model::expr::is_reserved(name))
            {
                let message = format!("`{name}` means something else in a condition already");
                sink.push(Complaint::new("duplicate-id", span, message));
            }
            let Some(take) = at.get() else { continue };
            let found = self.channel(&take.channel);
            found.inspect(|(view, _)| self.live(view, &take.channel));
            let component = found.and_then(|(view, channel)| {
                let at = take.channel.span;
                self.component(view, channel, at, take.component.as_ref(), false, place)
            });
            let Some(((_, channel), (component, unit))) = found.zip(component) else {
                continue;
            };
            if !record.iter().any(|c| c == channel) {
                let message = format!("this window does not record `{channel}`");
                sink.push(
                    Complaint::new("not-recorded", take.channel.span, message)
                        .help(format!("add `{channel}` to its `record`")),
                );
            }
            let first = {
                let mut taken = self.taken.borrow_mut();
                taken.entry(name.to_string()).or_insert((span, unit)).0
            };
            if let Some(name) = &name_here {
                self.once("taken value", name, first, span);
            }
            let (Some(name), Some(value)) = (name_here, take.value.get()) else {
                continue;
            };
            all.push(Take {
                name,
                channel: channel.to_string(),
                component,
                value: match value {
                    TakenWord::Largest => Taken::Largest,
                    TakenWord::Least => Taken::Least,
                    TakenWord::Mean => Taken::Mean,
                    TakenWord::Last => Taken::Last,
                },
            });
        }
        all
    }
}

fn every_step<'s>(steps: &'s [Step], all: &mut Vec<&'s Step>) {
    for step in steps {
        all.push(step);
        for list in step.lists() {
            every_step(list, all);
        }
    }
}
