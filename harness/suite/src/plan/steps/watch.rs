//! The watches of a suite.

use super::CaseReader;
use crate::complaint::{Complaint, Span};
use crate::plan::env::Scope;
use crate::written::suite::Watch as Written;
use crate::yaml::{At, Scalar};
use certbench_model::Component;
use certbench_model::plan::Watch;

/// The watches of a suite.
pub(crate) fn watches<'a>(
    reader: &CaseReader<'a, '_>,
    written: Option<&'a At<Vec<At<Written>>>>,
) -> Vec<Watch> {
    let list = written.and_then(At::get).into_iter().flatten();
    list.filter_map(|at| watch(reader, at.get()?, at.head))
        .collect()
}

fn watch<'a>(reader: &CaseReader<'a, '_>, written: &'a Written, head: Span) -> Option<Watch> {
    let env = reader.env;
    let scope = Scope::default();
    let found = reader.channel(&written.channel);
    let max_age_s = env.seconds(&written.max_age, &scope);
    let (view, channel) = found?;
    reader.live(view, &written.channel);
    let component = match &written.component {
        None => String::new(),
        Some(at) => {
            let name = at.get()?;
            reader.named(view, name, at.span)?;
            name.clone()
        }
    };
    let looked_at: Vec<&Component> = view
        .components
        .iter()
        .filter(|c| component.is_empty() || !view.named || c.name == component)
        .collect();
    let limit = |at: &Option<At<Scalar>>| match at {
        None => Some(None),
        Some(at) => {
            let mut number = None;
            for component in &looked_at {
                number = Some(env.number(at, component.unit, &scope)?);
            }
            Some(number)
        }
    };
    let (at_least, at_most) = (limit(&written.at_least), limit(&written.at_most));
    let (at_least, at_most, max_age_s) = (at_least?, at_most?, max_age_s?);
    if let (Some(least), Some(most)) = (at_least, at_most)
        && least > most
    {
        let message = format!("at least {least} and at most {most}: every value trips it");
        env.sink
            .push(Complaint::new("swapped-limits", head, message));
    }
    if let Some(interval) = view.interval_s.filter(|i| max_age_s < 2.0 * i) {
        let message = format!(
            "`max_age` is {max_age_s} s, and a sample comes every {interval} s only: it trips by itself"
        );
        let help = format!(
            "allow two samples at least: `max_age: {} s`",
            2.0 * interval
        );
        env.sink
            .push(Complaint::new("unreachable", written.max_age.span, message).help(help));
    }
    Some(Watch {
        channel: channel.to_string(),
        component,
        at_least,
        at_most,
        max_age_s,
    })
}
