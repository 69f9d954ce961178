//! The largest members of the first cut, and the rest beside them. Of few members all are fetched; of many the database says which are
//! the largest, and only those are.

use super::{
    Cell,
    answer::{Both, Grouped},
    checked::Asked,
    dimension::DimensionKind,
    measure::{Expression, Measure, Whole},
    member::Code,
    model::FACTS,
    part::Part,
    sql::First,
};
use engine::Result;
use meta::Decimal;
use std::cmp::Ordering;

/// Members of more records are many, and so are those of records in several files. To ask for the largest reads the facts more often, which
/// would not pay for few.
const MANY: u64 = 20_000;

pub(super) type Rows = Vec<(Vec<Code>, Vec<Cell>)>;

/// What an answer is made of before it has names and an order.
pub(super) struct Found {
    pub whole: Both,
    pub rows: Rows,
    pub rest: Rows,
}

/// The groups a statement is asked for.
#[derive(Clone, Copy)]
pub(super) enum Which<'c> {
    All,
    /// Of these members of the first cut.
    Of(&'c [Code]),
    /// Of all but these.
    Beyond(&'c [Code]),
    Largest(Largest),
}

/// The members with the largest (or smallest) values of one part.
#[derive(Clone, Copy)]
pub(super) struct Largest {
    fact: &'static str,
    part: &'static str,
    descending: bool,
    top: usize,
    /// Everything the answer says of them is asked for at once.
    whole_rows: bool,
}

impl Which<'_> {
    pub fn is_of(&self, fact: &str) -> bool {
        !matches!(self, Which::Largest(largest) if largest.fact != fact)
    }

    pub fn asks(&self, part: &Measure) -> bool {
        !matches!(self, Which::Largest(largest) if !largest.whole_rows && largest.part != part.name)
    }

    pub fn first(&self, measures: &[&Measure]) -> Option<First> {
        let Which::Largest(Largest { part, descending, top, .. }) = *self else { return None };
        let measure = measures.iter().position(|known| known.name == part)?;
        Some(First { measure, descending, rows: top })
    }
}

impl Asked<'_> {
    pub async fn found(&self) -> Result<Found> {
        let cuts = &self.question.cuts;
        let Some(top) = self.question.top else {
            let by = self.both(cuts, Which::All).await?;
            if cuts.is_empty() {
                return Ok(Found { whole: by, rows: vec![], rest: vec![] });
            }
            return Ok(Found { whole: self.whole(&by).await?, rows: self.rows(&by), rest: vec![] });
        };
        if let Some(found) = self.few_of_many(top).await? {
            return Ok(found);
        }
        let by = self.both(&cuts[..1], Which::All).await?;
        let whole = self.whole(&by).await?;
        let largest = self.largest(top, self.rows(&by));
        let others = |codes: &[Code]| !codes.first().is_some_and(|code| largest.contains(code));
        let rows = match cuts.len() {
            1 => self.rows(&by).into_iter().filter(|(codes, _)| !others(codes)).collect(),
            _ => self.rows(&self.both(cuts, Which::Of(&largest)).await?),
        };
        let rest = match cuts.len() {
            1 if self.follows() => by.together(others)?,
            _ => self.both(&cuts[1..], Which::Beyond(&largest)).await?,
        };
        Ok(Found { whole, rows, rest: self.rows(&rest) })
    }

    /// The same without all other members; nothing where they are few, or the database cannot say which are the largest.
    async fn few_of_many(&self, top: usize) -> Result<Option<Found>> {
        let Some(largest) = self.told_by_one_part(top)? else { return Ok(None) };
        let cuts = &self.question.cuts;
        let now = self.now(&cuts[..1], Which::Largest(largest)).await?;
        let Some(part) = self.parts.iter().position(|part| part.name == largest.part) else {
            return Ok(None);
        };
        let with_value = now.0.iter().filter(|(_, parts)| parts.get(part).is_some_and(Option::is_some));
        let members: Vec<Code> = with_value.filter_map(|(codes, _)| codes.first().cloned()).collect();
        // Nobody is left beside them.
        if largest.whole_rows && now.0.len() < top {
            let by = Both { now, then: None };
            return Ok(Some(Found { whole: self.whole(&by).await?, rows: self.rows(&by), rest: vec![] }));
        }
        // Members without a value come next, and those may be of another fact or of the period compared with.
        if members.len() < top {
            return Ok(None);
        }
        let whole = self.both(&[], Which::All).await?;
        let by = match largest.whole_rows {
            true => Both { now, then: None },
            false => self.both(cuts, Which::Of(&members)).await?,
        };
        let rest = match cuts.len() {
            1 => self.rest(&whole, &by, &members).await?,
            _ => self.both(&cuts[1..], Which::Beyond(&members)).await?,
        };
        Ok(Some(Found { rows: self.rows(&by), rest: self.rows(&rest), whole }))
    }

    fn told_by_one_part(&self, top: usize) -> Result<Option<Largest>> {
        let (place, descending) = self.ranked_by();
        let (Some(cut), Some(measure)) = (self.question.cuts.first(), self.measures.get(place)) else {
            return Ok(None);
        };
        let Expression::Aggregate { table: fact, .. } = measure.expression else { return Ok(None) };
        let DimensionKind::Record { entity } = &self.dimension("cuts", fact, cut)?.kind else {
            return Ok(None);
        };
        let records = self.open.manifest.tables.get(entity);
        let many = records.is_some_and(|kept| kept.segments.len() > 1 || kept.rows() > MANY);
        if !many || !self.follows() {
            return Ok(None);
        }
        let whole_rows = self.question.cuts.len() == 1
            && self.question.compare.is_none()
            && self.facts().len() == 1
            && self.parts.iter().all(|part| self.adds_up(part));
        Ok(Some(Largest { fact, part: measure.name, descending, top, whole_rows }))
    }

    /// What is beyond the members of `by`: the whole less them, or asked for where different things are counted.
    async fn rest(&self, whole: &Both, by: &Both, members: &[Code]) -> Result<Both> {
        let taken = by.together(|_| true)?;
        let now = self.less(&whole.now, &taken.now);
        let then = whole.then.as_ref().zip(taken.then.as_ref()).map(|(whole, taken)| self.less(whole, taken));
        match (now, then) {
            (Some(now), None) => return Ok(Both { now, then: None }),
            (Some(now), Some(Some(then))) => return Ok(Both { now, then: Some(then) }),
            _ => {}
        }
        let mut rest = self.both(&[], Which::Beyond(members)).await?;
        let both = [Some(&mut rest.now), rest.then.as_mut()];
        for parts in both.into_iter().flatten().flat_map(|rows| rows.0.values_mut()) {
            // Without a row there is no group, and nothing is known of it.
            let known: Vec<bool> =
                self.parts.iter().map(|part| !self.rows_in(part, Some(&*parts)).is_zero()).collect();
            for (part, known) in parts.iter_mut().zip(known) {
                if !known {
                    *part = None;
                }
            }
        }
        Ok(rest)
    }

    /// `None` where the difference does not say it: of things counted once in all groups, and where rows are left but nothing of a sum, which
    /// may be 0 or unknown.
    fn less(&self, Grouped(whole): &Grouped, Grouped(taken): &Grouped) -> Option<Grouped> {
        let (whole, taken) = (whole.values().next(), taken.values().next());
        let one = |(at, part): (usize, &Measure)| {
            if self.rows_in(part, whole) == self.rows_in(part, taken) {
                return Some(None);
            }
            if !self.adds_up(part) {
                return None;
            }
            match (number(whole, at), number(taken, at)) {
                (Some(whole), Some(taken)) => {
                    let left = whole.checked_sub(taken).filter(|left| !left.is_zero())?;
                    Some(Some(Part::Number(left)))
                }
                (whole, _) => Some(whole.map(Part::Number)),
            }
        };
        let parts = self.parts.iter().enumerate().map(one).collect::<Option<Vec<_>>>()?;
        Some(Grouped([(vec![], parts)].into()))
    }

    /// How many rows of the part's fact there are.
    fn rows_in(&self, part: &Measure, parts: Option<&Vec<Option<Part>>>) -> Decimal {
        let Expression::Aggregate { table, .. } = &part.expression else { return Decimal::ZERO };
        let rows = FACTS.iter().find(|fact| fact.table == *table).map(|fact| fact.rows);
        let place = self.parts.iter().position(|known| Some(known.name) == rows);
        place.and_then(|at| number(parts, at)).unwrap_or_default()
    }

    /// Whether groups of the first cut add up in this part.
    fn adds_up(&self, part: &Measure) -> bool {
        match &part.expression {
            Expression::Aggregate { whole: Whole::Sum | Whole::Once, .. } => true,
            Expression::Aggregate { whole: Whole::Documents(_), .. } => self.has_documents_in_one_group(),
            _ => false,
        }
    }

    /// The measure members are ranked by, and whether its largest values come first.
    fn ranked_by(&self) -> (usize, bool) {
        let ranked = self.question.sort.as_ref().and_then(|sort| {
            let at = self.measures.iter().position(|measure| measure.name == sort.by)?;
            Some((at, sort.descending))
        });
        ranked.unwrap_or((0, true))
    }

    /// The members of the first cut with the largest values.
    fn largest(&self, top: usize, mut rows: Rows) -> Vec<Code> {
        let (by, descending) = self.ranked_by();
        rows.sort_by(|(code, cells), (other_code, other)| {
            let order = by_value(cells[by].value, other[by].value, descending);
            order.then_with(|| code.cmp(other_code))
        });
        rows.into_iter().take(top).filter_map(|(codes, _)| codes.into_iter().next()).collect()
    }
}

fn number(parts: Option<&Vec<Option<Part>>>, at: usize) -> Option<Decimal> {
    parts?.get(at)?.as_ref().map(Part::number)
}

/// What has no value comes last, whatever the direction.
pub(super) fn by_value(one: Option<Decimal>, other: Option<Decimal>, descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}
