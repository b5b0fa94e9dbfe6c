//! Angles of a pose beside a result about its position, each with what is left open of it: the
//! certificate's word on angles, the registration's, and their scatter.

use super::{Answer, named, unit};
use crate::budget::{self, Budget};
use crate::reason::because;
use certbench_model::{Channel, Registration, Text};

/// The names of the axes of rotation.
pub(crate) const AXES: [&str; 3] = ["a", "b", "c"];

/// An angle, degrees.
pub(super) struct Angle<'a> {
    pub(super) symbol: String,
    pub(super) name: Text,
    pub(super) value: f64,
    /// Type A: standard uncertainty and degrees of freedom.
    pub(super) scatter: Scatter,
    /// Standard uncertainty by the instrument; `None` where its certificate does not say.
    pub(super) instrument: Option<f64>,
    /// What relates the instrument's frame to that of the command, where the value depends on it.
    pub(super) registration: Option<&'a Registration>,
}

/// What is known of an angle's scatter.
pub(super) enum Scatter {
    /// It is one angle; there is none.
    None,
    /// Standard uncertainty and degrees of freedom; `None` where too few angles tell of it.
    Seen(Option<(f64, f64)>),
}

impl Angle<'_> {
    /// Puts it beside the result, with U where everything is known that enters it.
    pub(super) fn beside(self, channel: &Channel, answer: &mut Answer) {
        let mut budget = Budget::default();
        match self.scatter {
            Scatter::None => {}
            Scatter::Seen(Some((u, nu))) => {
                budget.scatter(Text::new("Scatter", "分散"), Some(u), nu);
            }
            Scatter::Seen(None) => budget.unknown(),
        }
        let (deg, instrument) = (unit("deg"), Text::new("Instrument", "仪器"));
        budget.certificate(
            instrument,
            self.instrument.map(budget::Doubt::certified),
            channel,
        );
        let frame = self.registration.map(|r| r.u_angle?.to(deg).ok());
        match frame {
            None => {}
            Some(Some(u)) => budget.normal(Text::new("Registration", "坐标系标定"), u / 2.0, None),
            Some(None) => budget.unknown(),
        }
        let u = budget.measured(self.value, deg, 1).u_expanded;
        if self.instrument.is_none() || matches!(frame, Some(None)) {
            without_uncertainty(channel, answer);
        }
        let (en, zh) = (&self.name.en, &self.name.zh);
        let value = named(&self.symbol, en, zh, self.value, deg, u);
        answer.more.push(value);
    }
}

/// A standard deviation of n angles as the uncertainty of their mean.
pub(super) fn of_mean(s: Option<f64>, n: usize) -> Option<(f64, f64)> {
    let n = n as f64;
    s.map(|s| (s / n.sqrt(), n - 1.0))
}

/// The sampling of three standard deviations of n angles (JCGM 100:2008, E.4.3).
pub(super) fn of_spread(three_s: f64, n: usize) -> Option<(f64, f64)> {
    let nu = n as f64 - 1.0;
    (nu >= 1.0).then(|| (three_s / (2.0 * nu).sqrt(), nu))
}

/// What a limit cannot be held against.
fn without_uncertainty(channel: &Channel, answer: &mut Answer) {
    answer.notes.add(because(
        "angles-without-uncertainty",
        format!(
            "The certificate of {} or its registration says nothing of its angles: they are given \
             without uncertainty",
            channel.id
        ),
        format!(
            "{} 的证书或坐标系标定未涉及角度：角度不附不确定度",
            channel.id
        ),
    ));
}
