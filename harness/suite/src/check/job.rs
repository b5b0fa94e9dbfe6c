//! A job: what it means.

use super::Checker;
use super::bench::entries;
use super::literal::{any_quantity, date, filled, identifier, text};
use super::shared::{any_entry, decision, party, version};
use crate::complaint::Span;
use crate::written::job::{Item as WrittenItem, Job as Written};
use crate::yaml::{At, Entries, Scalar};
use certbench_model::{Identity, Item, Quantity, Unit};
use std::collections::BTreeMap;

/// A job file that was read and found in order.
#[derive(Clone, Debug)]
pub struct Job {
    pub(crate) job: certbench_model::Job,
    /// Where each item is written.
    pub(crate) items: BTreeMap<String, Span>,
    /// Where `items:` is written.
    pub(crate) head: Span,
    /// What the customer declares, as written.
    pub(crate) declared: Entries<At<Scalar>>,
    /// Where the rule is written.
    pub(crate) rule: Option<Span>,
}

impl Job {
    /// Order number.
    pub fn order(&self) -> &str {
        &self.job.order
    }

    /// The job as it will stand in a plan.
    pub fn job(&self) -> &certbench_model::Job {
        &self.job
    }
}

impl Checker<'_> {
    /// A job file; `None` when it names no order or customer.
    pub(crate) fn job(&self, written: &Written) -> Option<Job> {
        version(&written.certbench, self.sink);
        let order = filled(&written.job, self.sink);
        let customer = party(&written.customer, self.sink);
        let rule = written.rule.as_ref();
        any_entry("empty-job", "items of the job", &written.items, self.sink);
        let mut items = Vec::new();
        let mut places = BTreeMap::new();
        for (device, span, item) in entries(Some(&written.items)) {
            places.insert(device.to_string(), span);
            items.extend(self.item(device, span, item));
        }
        let declared = self.declared(written);
        let job = certbench_model::Job {
            order: order?,
            customer: customer?,
            items,
            declared,
            rule: rule.and_then(|r| decision(r, self.sink)),
            scope: written.scope.as_ref().and_then(|s| text(s, self.sink)),
        };
        Some(Job {
            job,
            items: places,
            head: written.items.head,
            declared: written
                .declared
                .as_ref()
                .and_then(|d| d.value.clone())
                .unwrap_or_default(),
            rule: rule.map(|r| r.head),
        })
    }

    fn item(&self, device: &str, span: Span, written: &At<WrittenItem>) -> Option<Item> {
        let item = written.get()?;
        let sink = self.sink;
        let device = identifier(device, span, "a device", sink);
        let identity = Identity {
            maker: filled(&item.maker, sink),
            model: filled(&item.model, sink),
            serial: filled(&item.serial, sink),
            firmware: item.firmware.as_ref().and_then(|f| filled(f, sink)),
            ..Identity::default()
        };
        let received = date(&item.received, sink);
        let condition = text(&item.condition, sink);
        Some(Item {
            device: device?,
            identity,
            received: received?,
            condition: condition?,
        })
    }

    /// Everything declared as a quantity, for print; a count is of dimension one.
    fn declared(&self, written: &Written) -> BTreeMap<String, Quantity> {
        entries(written.declared.as_ref())
            .filter_map(|(name, span, value)| {
                let name = identifier(name, span, "a declared value", self.sink)?;
                let scalar = value.get()?;
                let quantity = match scalar.text.parse::<u32>() {
                    Ok(n) if scalar.plain => Quantity::new(f64::from(n), Unit::one()),
                    _ => any_quantity(&scalar.text, value.span, self.sink)?,
                };
                Some((name, quantity))
            })
            .collect()
    }
}
