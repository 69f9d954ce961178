//! Whether a question makes sense, and whether the actor may see what it is made of.

use super::{
    Cut, Question, Within,
    calendar::CompanyCalendar,
    dimension::Dimension,
    measure::{Expression, Measure, rows_of},
    model::{FACTS, Fact, Model},
    period::Span,
    sql::Chosen,
    visible::is_of_seen,
    within::Fixed,
};
use crate::{Answer, Limits, query::query_with, rights, session::Open};
use datafusion::logical_expr::ScalarUDF;
use engine::{Actor, Engine, Error, Result};
use meta::{Label, NaiveDate, label};
use std::{collections::BTreeSet, sync::Arc};

const MEASURES_LIMIT: usize = 12;
const CUTS_LIMIT: usize = 4;
const TOP_LIMIT: usize = 1_000;
/// Steps down from the whole.
const WITHIN_LIMIT: usize = 12;

/// A question that makes sense.
pub(super) struct Asked<'a> {
    pub engine: &'a Engine,
    pub actor: &'a Actor,
    pub model: &'a Model,
    pub question: &'a Question,
    /// The version of the warehouse that all its statements are asked of.
    pub open: &'a Arc<Open>,
    pub measures: Vec<&'a Measure>,
    /// The aggregates they are made of.
    pub parts: Vec<Measure>,
    pub span: Option<Span>,
    pub calendar: CompanyCalendar,
    /// Of each statement, but for its rows.
    pub limits: Limits,
}

pub(super) fn wrong(field: &str, en: impl Into<String>, zh: impl Into<String>) -> Error {
    Error::rule(field, en, zh)
}

impl<'a> Asked<'a> {
    pub fn new(
        engine: &'a Engine,
        actor: &'a Actor,
        model: &'a Model,
        question: &'a Question,
        open: &'a Arc<Open>,
        today: NaiveDate,
        calendar: CompanyCalendar,
    ) -> Result<Asked<'a>> {
        if question.measures.is_empty() {
            return Err(wrong("measures", "choose at least one measure", "请至少选择一个指标"));
        }
        if question.measures.len() > MEASURES_LIMIT
            || question.cuts.len() > CUTS_LIMIT
            || question.within.len() > WITHIN_LIMIT
        {
            return Err(wrong(
                "cuts",
                format!("at most {MEASURES_LIMIT} measures and {CUTS_LIMIT} cuts at once"),
                format!("一次最多 {MEASURES_LIMIT} 个指标、{CUTS_LIMIT} 个维度"),
            ));
        }
        if question.top.is_some_and(|top| top == 0 || top > TOP_LIMIT) {
            return Err(wrong("top", format!("is from 1 to {TOP_LIMIT}"), format!("应为 1 到 {TOP_LIMIT}")));
        }
        if question.top.is_some() && question.cuts.is_empty() {
            return Err(wrong("top", "needs something to cut by", "需要先选择维度"));
        }
        let measures =
            question.measures.iter().map(|name| model.measure(name)).collect::<Result<Vec<_>>>()?;
        let mut parts: Vec<Measure> = vec![];
        let made_of = measures.iter().flat_map(|measure| model.parts(measure));
        let spread = measures.iter().flat_map(|measure| model.spread(measure));
        // Who may not see what an interval is worked out from is told the measure without.
        let spread = spread.filter(|part| is_of_seen(engine, actor, model, part));
        for part in made_of.chain(spread) {
            if !parts.iter().any(|known| known.name == part.name) {
                parts.push(part);
            }
        }
        for Fact { table: fact, rows, .. } in FACTS {
            let of_fact = |part: &Measure| matches!(&part.expression, Expression::Aggregate { table, .. } if *table == fact);
            if parts.iter().any(of_fact) {
                parts.push(rows_of(fact, rows));
            }
        }
        let span = question.period.map(|period| period.span(today)).transpose()?;
        if question.compare.is_some() && span.is_none() {
            return Err(wrong("compare", "needs a period to compare", "需要先选择期间才能对比"));
        }
        let limits = Limits::PAGE;
        let asked = Asked { engine, actor, model, question, open, measures, parts, span, calendar, limits };
        asked.check(&open.tables)?;
        Ok(asked)
    }

    /// The answer to one of its statements.
    pub async fn query(&self, sql: &str, rows: usize) -> Result<Answer> {
        self.query_with(sql, rows, vec![]).await
    }

    /// The same with functions that only this statement has.
    pub async fn query_with(&self, sql: &str, rows: usize, functions: Vec<ScalarUDF>) -> Result<Answer> {
        let limits = Limits { rows, ..self.limits };
        query_with(self.open.clone(), self.engine, self.actor, sql, limits, functions).await
    }

    /// Every fact has every cut, and the actor may see what they are made of.
    fn check(&self, tables: &[crate::Table]) -> Result<()> {
        for fact in self.facts() {
            let table = tables.iter().find(|table| table.name == fact);
            let seen =
                table.map(|table| rights::visible(self.engine, self.actor, table)).transpose()?.flatten();
            let Some(seen) = seen else { return Err(Error::Forbidden(fact.to_owned())) };
            for part in self.parts_of(fact) {
                let Expression::Aggregate { sql, .. } = &part.expression else { continue };
                let hidden = table.into_iter().flat_map(|table| &table.columns).find(|column| {
                    names(sql, &column.name) && !seen.iter().any(|(known, _)| known.name == column.name)
                });
                if let Some(hidden) = hidden {
                    return Err(Error::Forbidden(format!("{fact}.{}", hidden.name)));
                }
            }
            if self.span.is_some() && !seen.iter().any(|(column, _)| column.name == "day") {
                return Err(Error::Forbidden(format!("{fact}.day")));
            }
            for cut in &self.question.cuts {
                self.dimension("cuts", fact, cut)?;
            }
            self.fixed(fact)?;
        }
        Ok(())
    }

    /// The members the question is confined to.
    pub fn fixed(&self, fact: &str) -> Result<Vec<Fixed<'a>>> {
        let one = |within: &Within| {
            let cut = within.cut();
            let dimension = self.dimension("within", fact, &cut)?;
            Fixed::new(Chosen { dimension, level: cut.level, calendar: self.calendar }, &within.value)
        };
        self.question.within.iter().map(one).collect()
    }

    /// `field` is the part of the question that names the cut.
    pub fn dimension(&self, field: &str, fact: &str, cut: &Cut) -> Result<&'a Dimension> {
        let known = self.model.dimensions.values().flatten().find(|known| known.name == cut.dimension);
        let Some(known) = known else {
            return Err(wrong(
                field,
                format!("there is no dimension {}: see the catalog", cut.dimension),
                format!("没有维度 {}，请查看数据目录", cut.dimension),
            ));
        };
        let Some(found) = self.model.dimension(fact, &cut.dimension) else {
            return Err(self.not_cut_by(field, known));
        };
        if cut.level.is_some() && found.levels.is_empty() {
            return Err(wrong(
                field,
                format!("{} has no levels", cut.dimension),
                format!("“{}”没有层级", known.label.zh),
            ));
        }
        Ok(found)
    }

    /// Which of its measures a dimension does not cut and because of which part, and what of them can be asked by it instead.
    fn not_cut_by(&self, field: &str, dimension: &Dimension) -> Error {
        let (mut refused, mut instead, mut lacking) = (vec![], vec![], vec![]);
        for measure in &self.measures {
            let [can, cannot] = self.model.parted_by(measure, &dimension.name);
            if !cannot.is_empty() {
                refused.push(*measure);
                instead.extend(can);
                lacking.extend(cannot);
            }
        }
        instead.retain(|part| !part.part);
        lacking.retain(|part| !part.part && !refused.contains(part));
        let (of, by) = (listed(&refused), &dimension.label);
        let mut en = format!("{} cannot be cut by “{}”", of.en, by.en);
        let mut zh = format!("{}不能按“{}”分析", of.zh, by.zh);
        if !lacking.is_empty() {
            let lacking = listed(&lacking);
            en.push_str(&format!(", which is not known of {}", lacking.en));
            zh.push_str(&format!("，因为其中的{}没有该维度", lacking.zh));
        }
        if instead.is_empty() {
            en.push_str(": take one of them out");
            zh.push_str("，请去掉其中一个");
        } else {
            let instead = listed(&instead);
            en.push_str(&format!(". By “{}” can be asked: {}", by.en, instead.en));
            zh.push_str(&format!("。可按“{}”分析的有：{}", by.zh, instead.zh));
        }
        wrong(field, en, zh)
    }

    /// Whether everything the question is cut by is the documents' own, and not of their lines.
    pub fn has_documents_in_one_group(&self) -> bool {
        let all_own = |fact: &&str| {
            let is_own = |cut: &Cut| self.model.is_of_documents(fact, &cut.dimension) == Some(true);
            self.question.cuts.iter().all(is_own)
        };
        self.facts().iter().all(all_own)
    }

    pub fn facts(&self) -> Vec<&'static str> {
        let tables = self.parts.iter().filter_map(|part| match &part.expression {
            Expression::Aggregate { table, .. } => Some(*table),
            _ => None,
        });
        tables.collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub fn parts_of(&self, fact: &str) -> Vec<&Measure> {
        let of = |part: &&Measure| matches!(&part.expression, Expression::Aggregate { table, .. } if *table == fact);
        self.parts.iter().filter(of).collect()
    }
}

/// Each once, by what people call it.
fn listed(measures: &[&Measure]) -> Label {
    let mut known = BTreeSet::new();
    let once: Vec<&Label> =
        measures.iter().filter(|one| known.insert(one.name)).map(|one| &one.label).collect();
    let all =
        |of: fn(&Label) -> &str| once.iter().map(|label| format!("“{}”", of(label))).collect::<Vec<_>>();
    label(all(|label| label.en.as_str()).join(", "), all(|label| label.zh.as_str()).join("、"))
}

/// Whether the SQL of a measure names the column.
pub(super) fn names(sql: &str, column: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    sql.match_indices("f.").any(|(at, _)| {
        let rest = sql[at + 2..].trim_start_matches('"');
        rest.strip_prefix(column).is_some_and(|after| !after.starts_with(word))
    })
}
