//! What kind of value a term has: yes or no, or a quantity of some dimension.

use super::{Expr, Function, Op, Stretch};
use crate::unit::{Dimension, Kind};
use crate::{Quantity, Unit};
use std::fmt;

/// What kind of value something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Yes or no.
    Flag,
    /// A quantity.
    Quantity(Nature),
}

/// What kind of quantity something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// Dimension.
    pub dimension: Dimension,
    /// Torque or energy, where that is known. A product of force and length is `Plain`: it may
    /// stand for either.
    pub kind: Kind,
    /// A point on a scale with a zero of its own, such as 20 °C. The difference of two points is an
    /// ordinary quantity, in K; a point cannot be added to a point, multiplied or divided.
    pub point: bool,
}

/// The exponents' names, in the order of [`Dimension`].
const BASE: [&str; 8] = ["m", "kg", "s", "A", "K", "mol", "cd", "rad"];

impl Nature {
    /// A pure number.
    pub const ONE: Nature = Nature {
        dimension: Dimension([0; 8]),
        kind: Kind::Ratio,
        point: false,
    };

    /// Of values in a unit.
    pub fn of(unit: Unit) -> Nature {
        let def = unit.def();
        Nature {
            dimension: def.dimension,
            kind: def.kind,
            point: def.offset != 0.0,
        }
    }

    /// Whether a value of this nature can be given in a unit.
    pub fn fits(self, unit: Unit) -> bool {
        self.like(Nature::of(unit)).is_some()
    }

    /// What two of them have in common, if they can be compared.
    pub fn like(self, other: Nature) -> Option<Nature> {
        let kind = match (self.kind, other.kind) {
            (a, b) if a == b => a,
            (Kind::Plain, kind) | (kind, Kind::Plain) => kind,
            _ => return None,
        };
        let same = self.dimension == other.dimension && self.point == other.point;
        same.then_some(Nature { kind, ..self })
    }

    /// The unit in which values are kept inside: coherent SI, spelled as in UCUM, for example `N` or
    /// `kg2.m.s-4`. A point is in `Cel`.
    pub fn spelled(self) -> String {
        let coherent = |u: &Unit| {
            let def = u.def();
            (self.point || def.num == def.den) && self.fits(*u)
        };
        if let Some(unit) = Unit::all().find(coherent) {
            return unit.symbol().to_string();
        }
        let power = |(name, exponent): (&&str, &i8)| match exponent {
            0 => None,
            1 => Some((*name).to_string()),
            n => Some(format!("{name}{n}")),
        };
        let parts = BASE.iter().zip(&self.dimension.0).filter_map(power);
        parts.collect::<Vec<_>>().join(".")
    }

    /// `self` times or divided by `other`.
    fn product(self, other: Nature, sign: i8) -> Result<Nature, Wrong> {
        if self.point || other.point {
            return Err(Wrong::Point);
        }
        let mut exponents = [0i8; 8];
        let both = self.dimension.0.iter().zip(&other.dimension.0);
        for (sum, (a, b)) in exponents.iter_mut().zip(both) {
            let b = b.checked_mul(sign).ok_or(Wrong::Powers)?;
            *sum = a.checked_add(b).ok_or(Wrong::Powers)?;
        }
        let one = Nature::ONE.dimension;
        let kind = match (self.dimension == one, other.dimension == one) {
            _ if exponents == one.0 => Kind::Ratio,
            (_, true) => self.kind,
            (true, _) if sign > 0 => other.kind,
            _ => Kind::Plain,
        };
        Ok(Nature {
            dimension: Dimension(exponents),
            kind,
            point: false,
        })
    }

    fn root(self) -> Result<Nature, Wrong> {
        if self.point {
            return Err(Wrong::Point);
        }
        if self.dimension.0.iter().any(|e| e % 2 != 0) {
            return Err(Wrong::NoRoot(self));
        }
        let dimension = Dimension(self.dimension.0.map(|e| e / 2));
        let one = dimension == Nature::ONE.dimension;
        Ok(Nature {
            dimension,
            kind: if one { Kind::Ratio } else { Kind::Plain },
            point: false,
        })
    }
}

impl fmt::Display for Nature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dimension == Nature::ONE.dimension {
            true => f.write_str("a pure number"),
            false => write!(f, "a value in `{}`", self.spelled()),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sort::Flag => f.write_str("yes or no"),
            Sort::Quantity(nature) => nature.fmt(f),
        }
    }
}

impl From<Unit> for Sort {
    fn from(unit: Unit) -> Sort {
        Sort::Quantity(Nature::of(unit))
    }
}

impl From<Quantity> for Sort {
    fn from(quantity: Quantity) -> Sort {
        quantity.unit.into()
    }
}

/// Why an operation does not go with its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Yes or no stands where a quantity is due.
    NotAQuantity,
    /// A quantity stands where yes or no is due.
    NotAFlag(Nature),
    /// Two quantities that cannot be added or compared.
    Unlike(Nature, Nature),
    /// `==` or `!=` between quantities.
    Equality,
    /// A point on a scale (20 °C) where only a difference makes sense.
    Point,
    /// The square root has no dimension, as that of a force.
    NoRoot(Nature),
    /// Exponents beyond ±127.
    Powers,
    /// An operation with operands that it does not take.
    Operands,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::NotAQuantity => f.write_str("a number is expected, this is yes or no"),
            Wrong::NotAFlag(nature) => write!(f, "yes or no is expected, this is {nature}"),
            Wrong::Unlike(a, b) => write!(f, "{a} does not go together with {b}"),
            Wrong::Equality => f.write_str("measured values are never exactly equal"),
            Wrong::Point => f.write_str("a point on a scale, as 20 °C, is no amount"),
            Wrong::NoRoot(nature) => write!(f, "{nature} has no square root"),
            Wrong::Powers => f.write_str("too high a power"),
            Wrong::Operands => f.write_str("the operation does not take these operands"),
        }
    }
}

impl Function {
    /// The sort of the result, from the sorts of one operand (`b` absent) or two. More operands
    /// (`min`, `max`) are taken two by two.
    pub(super) fn sort(self, a: Sort, b: Option<Sort>) -> Result<Sort, Wrong> {
        use Function::{Abs, Add, And, Div, Eq, Ge, Gt, Le, Lt, Max, Min, Mul, Ne, Neg, Not, Or};
        let Some(b) = b else {
            return match self {
                Not => flag(a).map(|()| Sort::Flag),
                Neg | Abs => match quantity(a)? {
                    Nature { point: true, .. } => Err(Wrong::Point),
                    nature => Ok(Sort::Quantity(nature)),
                },
                Function::Sqrt => Ok(Sort::Quantity(quantity(a)?.root()?)),
                _ => Err(Wrong::Operands),
            };
        };
        match self {
            And | Or => flag(a).and(flag(b)).map(|()| Sort::Flag),
            Eq | Ne => match (a, b) {
                (Sort::Flag, Sort::Flag) => Ok(Sort::Flag),
                (Sort::Quantity(_), Sort::Quantity(_)) => Err(Wrong::Equality),
                _ => Err(Wrong::NotAQuantity),
            },
            Neg | Not | Abs | Function::Sqrt => Err(Wrong::Operands),
            Mul => Ok(Sort::Quantity(quantity(a)?.product(quantity(b)?, 1)?)),
            Div => Ok(Sort::Quantity(quantity(a)?.product(quantity(b)?, -1)?)),
            Add | Sub => {
                let (a, b) = (quantity(a)?, quantity(b)?);
                Ok(Sort::Quantity(sum(self == Sub, a, b)?))
            }
            Lt | Le | Gt | Ge => like(a, b).map(|_| Sort::Flag),
            Min | Max => like(a, b).map(Sort::Quantity),
        }
    }
}

use Function::Sub;

/// Points and differences: a difference may be added to a point, and a point taken from a point.
fn sum(minus: bool, a: Nature, b: Nature) -> Result<Nature, Wrong> {
    let amount = |n: Nature| Nature { point: false, ..n };
    let both = amount(a).like(amount(b)).ok_or(Wrong::Unlike(a, b))?;
    let point = match (a.point, b.point, minus) {
        (false, false, _) | (true, true, true) => false,
        (true, false, _) | (false, true, false) => true,
        (true, true, false) | (false, true, true) => return Err(Wrong::Point),
    };
    Ok(Nature { point, ..both })
}

fn like(a: Sort, b: Sort) -> Result<Nature, Wrong> {
    let (a, b) = (quantity(a)?, quantity(b)?);
    a.like(b).ok_or(Wrong::Unlike(a, b))
}

fn quantity(sort: Sort) -> Result<Nature, Wrong> {
    match sort {
        Sort::Quantity(nature) => Ok(nature),
        Sort::Flag => Err(Wrong::NotAQuantity),
    }
}

fn flag(sort: Sort) -> Result<(), Wrong> {
    match sort {
        Sort::Flag => Ok(()),
        Sort::Quantity(nature) => Err(Wrong::NotAFlag(nature)),
    }
}

/// What does not go together, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// The operation.
    pub at: Stretch,
    /// Its operands.
    pub operands: Vec<Stretch>,
    /// Which operation.
    pub function: Function,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl Expr {
    /// The sort of the whole, if it has one; `name` tells that of each name. Every operation that
    /// does not go with its operands is told to `mistake`; what contains it is passed over.
    pub fn sort(
        &self,
        name: impl Fn(&str) -> Option<Sort>,
        mut mistake: impl FnMut(Mistake),
    ) -> Option<Sort> {
        let whole = self.fold(|term, operands: &[(Stretch, Option<Sort>)]| {
            let sort = match &term.op {
                Op::Quantity(q) => Some((*q).into()),
                Op::Flag(_) => Some(Sort::Flag),
                Op::Name(text) => name(text),
                Op::Apply(function, _) => {
                    let sorts: Option<Vec<Sort>> = operands.iter().map(|(_, s)| *s).collect();
                    sorts.and_then(|sorts| match function.sorts(&sorts) {
                        Ok(sort) => Some(sort),
                        Err(wrong) => {
                            mistake(Mistake {
                                at: term.at,
                                operands: operands.iter().map(|(at, _)| *at).collect(),
                                function: *function,
                                wrong,
                            });
                            None
                        }
                    })
                }
            };
            (term.at, sort)
        });
        whole.and_then(|(_, sort)| sort)
    }
}

impl Function {
    fn sorts(self, operands: &[Sort]) -> Result<Sort, Wrong> {
        match operands {
            [one] => self.sort(*one, None),
            [first, more @ ..] => more.iter().try_fold(*first, |a, b| self.sort(a, Some(*b))),
            [] => Err(Wrong::Operands),
        }
    }
}
