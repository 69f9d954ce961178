//! Answers a question: one statement for each fact and period, merged by the members of the cuts.

use super::{
    AnswerTable, Cell, Cut, Line, Question,
    answer::{self, Both, Counted, Grouped},
    calendar::CompanyCalendar,
    checked::{Asked, wrong},
    codes::{self, Coded},
    dimension::DimensionKind,
    filter,
    interval::Interval,
    measure::{Expression, Measure},
    member::{Code, Member, Titles},
    model::{self, FACTS, Fact, Model},
    part::Part,
    period::{Shift, Span},
    sql::{Chosen, Joins, Only, Select},
    top::{Found, Rows, Which, by_value},
    visible::visible,
};
use crate::{
    cells, internal,
    query::{QUESTION, in_time},
    session,
};
use engine::{Actor, Engine, Error, Result};
use futures::future::try_join_all;
use meta::{Decimal, NaiveDate};
use std::{collections::BTreeSet, sync::Arc};

/// Rows of an answer; of more only the first are shown.
pub(super) const ROWS_LIMIT: usize = 10_000;
/// Groups a statement may have: they are merged in memory, whoever asks.
const GROUPS: usize = 2_000_000;

/// The answer as the actor may see it, for a person who waits.
pub async fn ask(engine: &Engine, actor: &Actor, question: &Question) -> Result<AnswerTable> {
    let [answer] = ask_together(engine, actor, [question]).await?;
    Ok(answer)
}

/// The answers to several questions that are shown as one: all of one version of the warehouse.
pub async fn ask_together<const N: usize>(
    engine: &Engine,
    actor: &Actor,
    questions: [&Question; N],
) -> Result<[AnswerTable; N]> {
    let ground = Ground::of(engine, actor).await?;
    let asked = questions.map(|question| ground.asked(engine, actor, question));
    let asked = asked.into_iter().collect::<Result<Vec<_>>>()?;
    let answers = try_join_all(asked.iter().map(|one| in_time(QUESTION, one.answer()))).await?;
    answers.try_into().map_err(|_| internal("a question has no answer"))
}

/// What questions stand on: the model as the asker may see it, the warehouse's tables, the company's day.
pub(super) struct Ground {
    model: Arc<Model>,
    open: Arc<session::Open>,
    today: NaiveDate,
    calendar: CompanyCalendar,
}

impl Ground {
    pub async fn of(engine: &Engine, actor: &Actor) -> Result<Ground> {
        let open = session::newest(engine).await?;
        let model = visible(engine, actor, model::of(engine, &open.tables))?;
        let today = engine.clock().now().with_timezone(&engine.time_zone().await?).date_naive();
        let calendar = CompanyCalendar::of(engine).await?;
        Ok(Ground { model, open, today, calendar })
    }

    pub fn asked<'a>(
        &'a self,
        engine: &'a Engine,
        actor: &'a Actor,
        question: &'a Question,
    ) -> Result<Asked<'a>> {
        Asked::new(engine, actor, &self.model, question, &self.open, self.today, self.calendar)
    }
}

impl<'a> Asked<'a> {
    pub fn chosen(&self, fact: &str, cut: &Cut) -> Result<Chosen<'a>> {
        let dimension = self.dimension("cuts", fact, cut)?;
        Ok(Chosen { dimension, level: cut.level, calendar: self.calendar })
    }

    /// The parts by the members of `cuts`.
    async fn grouped(&self, cuts: &[Cut], which: Which<'_>, at: Time) -> Result<Grouped> {
        let mut grouped = Grouped::default();
        let key_sets = matches!(which, Which::All) && !cuts.is_empty() && self.follows();
        for fact in self.facts().into_iter().filter(|fact| which.is_of(fact)) {
            let table = self.model.facts.get(fact).ok_or_else(|| Error::NotFound(fact.to_owned()))?;
            let mut joins = Joins::default();
            let filter = filter::filter(self.engine, self.actor, table, &self.question.filter, &mut joins)?;
            let mut measures = self.parts_of(fact);
            measures.retain(|part| which.asks(part));
            let cuts = cuts.iter().map(|cut| self.chosen(fact, cut)).collect::<Result<Vec<_>>>()?;
            let only = match (which, self.question.cuts.first()) {
                (Which::Of(members) | Which::Beyond(members), Some(cut)) => {
                    let members = members.iter().map(Code::literal).collect();
                    let others = matches!(which, Which::Beyond(_));
                    Some(Only { cut: self.chosen(fact, cut)?, members, others })
                }
                _ => None,
            };
            let first = which.first(&measures);
            let width = cuts.len();
            let mut coded = vec![];
            for cut in &cuts {
                coded.push(match first {
                    // Of equal ones the first members come, and numbers are in no order.
                    Some(_) => None,
                    None => codes::coded(self, cut.dimension, &mut joins).await?,
                });
            }
            let places: Vec<usize> = measures
                .iter()
                .map(|part| self.parts.iter().position(|known| known.name == part.name).unwrap_or(0))
                .collect();
            let within = self.fixed(fact)?;
            let (span, shift) = (at.span, at.shift);
            let select = Select {
                fact: table,
                cuts,
                coded: coded.clone(),
                measures,
                key_sets,
                filter,
                joins,
                span,
                shift,
                only,
                within,
                first,
            };
            let functions = coded.iter().flatten().map(Coded::function).collect();
            let answer = self.query_with(&select.sql()?, GROUPS, functions).await?;
            if answer.more {
                return Err(Error::Limit(meta::label(
                    "there are too many groups: cut by something coarser",
                    "分组过多，请按更粗的维度分析",
                )));
            }
            for batch in &answer.batches {
                let (cuts, parts) = batch.columns().split_at(width.min(batch.num_columns()));
                for row in 0..batch.num_rows() {
                    let codes = cuts.iter().zip(&coded).map(|(cut, coded)| match coded {
                        Some(coded) => Ok(coded.member(cut, row)),
                        None => Ok(Code::of(&cells::value(cut, row)?)),
                    });
                    let codes = codes.collect::<Result<Vec<Code>>>()?;
                    for (part, at) in parts.iter().zip(&places) {
                        grouped.set(codes.clone(), *at, self.parts.len(), Part::of(part, row)?);
                    }
                }
            }
        }
        Ok(grouped)
    }

    /// A measure from the parts of one row.
    pub fn value(&self, measure: &Measure, parts: &[Option<Part>]) -> Option<Decimal> {
        let named = |name: &str| self.named(name, parts);
        match &measure.expression {
            Expression::Aggregate { .. } => {
                let at = self.parts.iter().position(|part| part.name == measure.name)?;
                parts.get(at)?.as_ref().map(Part::number)
            }
            Expression::Sum(all) => {
                let known: Vec<Decimal> = all.iter().filter_map(|one| named(one)).collect();
                let first = Decimal::ZERO;
                if known.is_empty() { None } else { known.into_iter().try_fold(first, Decimal::checked_add) }
            }
            Expression::Difference(one, other) => match (named(one), named(other)) {
                (None, None) => None,
                (one, other) => one.unwrap_or_default().checked_sub(other.unwrap_or_default()),
            },
            Expression::Ratio(one, other) => {
                let whole = named(other).filter(|whole| !whole.is_zero())?;
                named(one).unwrap_or_default().checked_div(whole).map(|ratio| ratio.round_dp(6))
            }
        }
    }

    fn named(&self, name: &str, parts: &[Option<Part>]) -> Option<Decimal> {
        self.model.measure(name).ok().and_then(|measure| self.value(measure, parts))
    }

    fn cells(&self, parts: Option<&Vec<Option<Part>>>, compared: Option<&Vec<Option<Part>>>) -> Vec<Cell> {
        let of = |measure: &Measure, parts: Option<&Vec<Option<Part>>>| self.value(measure, parts?);
        let cell = |measure: &&Measure| Cell {
            value: of(measure, parts),
            compared: of(measure, compared),
            interval: parts.and_then(|parts| Interval::of(measure, |name| self.named(name, parts))),
            ..Cell::default()
        };
        self.measures.iter().map(cell).collect()
    }

    /// How many rows of each fact are in the total.
    fn counted(&self, total: Option<&Vec<Option<Part>>>) -> Vec<Counted> {
        let counted = |fact: &Fact| {
            let at = self.parts.iter().position(|known| known.name == fact.rows)?;
            let rows = total
                .and_then(|parts| parts.get(at)?.as_ref())
                .and_then(|part| i64::try_from(part.number()).ok());
            let table = self.model.facts.get(fact.table)?;
            Some(Counted {
                fact: fact.table.to_owned(),
                table: table.label.clone(),
                label: table.definition.clone(),
                rows,
            })
        };
        FACTS.iter().filter_map(counted).collect()
    }

    /// Parts of the period that is asked about.
    pub(super) async fn now(&self, cuts: &[Cut], which: Which<'_>) -> Result<Grouped> {
        self.grouped(cuts, which, Time { span: self.span, shift: None }).await
    }

    /// Parts of both periods by these cuts.
    pub(super) async fn both(&self, cuts: &[Cut], which: Which<'_>) -> Result<Both> {
        let now = self.now(cuts, which).await?;
        let then = match (self.span, self.question.compare) {
            (Some(span), Some(compare)) => {
                let (span, shift) = span.compared(compare);
                Some(self.grouped(cuts, which, Time { span: Some(span), shift: Some(shift) }).await?)
            }
            _ => None,
        };
        Ok(Both { now, then })
    }

    pub(super) fn rows(&self, Both { now: Grouped(now), then }: &Both) -> Rows {
        let then = then.as_ref().map(|Grouped(then)| then);
        let keys: BTreeSet<&Vec<Code>> =
            now.keys().chain(then.into_iter().flat_map(|then| then.keys())).collect();
        let cells = |codes| self.cells(now.get(codes), then.and_then(|then| then.get(codes)));
        keys.into_iter().map(|codes| (codes.clone(), cells(codes))).collect()
    }

    /// Everything together: from the groups where it follows from them, which saves to read the facts once more. Of a fact without a
    /// row only the database knows which parts are 0 and which unknown.
    pub(super) async fn whole(&self, by: &Both) -> Result<Both> {
        let all = by.together(|_| true)?;
        let told = |Grouped(rows): &Grouped| {
            let known = |(at, part): (usize, &Measure)| {
                !FACTS.iter().any(|fact| fact.rows == part.name)
                    || rows.values().any(|parts| parts.get(at).is_some_and(Option::is_some))
            };
            self.parts.iter().enumerate().all(known)
        };
        let all_told = self.follows() && told(&all.now) && all.then.as_ref().is_none_or(told);
        if all_told { Ok(all) } else { self.both(&[], Which::All).await }
    }

    /// Whether every part of the whole follows from those of its groups.
    pub(super) fn follows(&self) -> bool {
        let in_one_group = self.has_documents_in_one_group();
        self.parts.iter().all(|part| part.follows(in_one_group, &self.model.facts))
    }

    pub async fn answer(&self) -> Result<AnswerTable> {
        let Found { whole, mut rows, mut rest } = self.found().await?;
        let (counted, measures) = {
            let parts = whole.now.0.values().next();
            (self.counted(parts), self.columns(parts))
        };
        let total = self.rows(&whole).into_iter().next().map(|(_, cells)| cells).unwrap_or_default();
        rest.retain(|(_, cells)| cells.iter().any(|cell| cell.value.is_some() || cell.compared.is_some()));
        let titles = self.titles(&rows, &rest).await?;
        self.sort(&mut rows, &titles)?;
        let more = rows.len() > ROWS_LIMIT;
        rows.truncate(ROWS_LIMIT);
        if self.question.running {
            answer::run(&mut rows);
        }
        if self.question.share {
            rows.iter_mut().chain(&mut rest).for_each(|(_, cells)| answer::share(cells, &total));
        }
        self.only_additive(rows.iter_mut().chain(&mut rest).map(|(_, cells)| cells));
        let chosen = self.all_chosen()?;
        let named = |at: usize, code: &Code| Member::of(&chosen[at], code, &titles[at]);
        let mut lines: Vec<Line> = rows
            .into_iter()
            .map(|(codes, cells)| Line {
                members: codes.iter().enumerate().map(|(at, code)| named(at, code)).collect(),
                cells,
            })
            .collect();
        lines.extend(rest.into_iter().map(|(codes, cells)| {
            let others = codes.iter().enumerate().map(|(at, code)| named(at + 1, code));
            Line { members: [Member::rest()].into_iter().chain(others).collect(), cells }
        }));
        Ok(AnswerTable {
            dimensions: chosen.iter().map(|cut| cut.dimension.label.clone()).collect(),
            measures,
            rows: lines,
            total,
            more,
            counted,
            entities: self.entities()?,
            period: self.span,
            compared_period: self
                .span
                .zip(self.question.compare)
                .map(|(span, compare)| span.compared(compare).0),
            refreshed_at: self.open.manifest.refreshed_at,
            position: self.open.manifest.position,
        })
    }

    /// Whose records the answer is made of.
    fn entities(&self) -> Result<Vec<String>> {
        let mut found = BTreeSet::new();
        for table in self.facts().iter().filter_map(|fact| self.model.facts.get(*fact)) {
            found.insert(table.line.as_ref().map_or(&table.head, |(line, _)| line).clone());
        }
        for cut in self.all_chosen()? {
            found.extend(cut.dimension.path.iter().map(|step| step.table.clone()));
            if let DimensionKind::Record { entity } = &cut.dimension.kind {
                found.insert(entity.clone());
            }
        }
        Ok(found.into_iter().collect())
    }

    pub fn all_chosen(&self) -> Result<Vec<Chosen<'a>>> {
        let fact = self.facts().into_iter().next().unwrap_or_default();
        self.question.cuts.iter().map(|cut| self.chosen(fact, cut)).collect()
    }

    /// Shares and running totals of counts of different things and of ratios mean nothing.
    fn only_additive<'c>(&self, rows: impl Iterator<Item = &'c mut Vec<Cell>>) {
        let not: Vec<usize> =
            (0..self.measures.len()).filter(|at| !self.model.is_additive(self.measures[*at])).collect();
        for cells in rows {
            for at in &not {
                (cells[*at].share, cells[*at].running) = (None, None);
            }
        }
    }

    fn sort(&self, rows: &mut [(Vec<Code>, Vec<Cell>)], titles: &[Titles]) -> Result<()> {
        let Some(sort) = &self.question.sort else {
            if self.question.top.is_some() {
                rows.sort_by(|(_, one), (_, other)| by_value(one[0].value, other[0].value, true));
            }
            return Ok(());
        };
        if let Some(at) = self.measures.iter().position(|measure| measure.name == sort.by) {
            rows.sort_by(|(_, one), (_, other)| by_value(one[at].value, other[at].value, sort.descending));
            return Ok(());
        }
        let Some(at) = self.question.cuts.iter().position(|cut| cut.dimension == sort.by) else {
            return Err(wrong(
                "sort",
                format!("{} is neither a measure nor a cut of this question", sort.by),
                format!("{} 既不是本次分析的指标，也不是维度", sort.by),
            ));
        };
        let record = matches!(self.all_chosen()?[at].dimension.kind, DimensionKind::Record { .. });
        let title = |code: &Code| match code {
            Code::Number(key) if record => titles[at].get(key).map(|(_, title)| title.en.clone()),
            _ => None,
        };
        rows.sort_by(|(one, _), (other, _)| {
            let order =
                if record { title(&one[at]).cmp(&title(&other[at])) } else { one[at].cmp(&other[at]) };
            if sort.descending { order.reverse() } else { order }
        });
        Ok(())
    }
}

/// When a statement is about.
#[derive(Clone, Copy)]
struct Time {
    span: Option<Span>,
    shift: Option<Shift>,
}
