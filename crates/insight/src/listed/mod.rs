//! Every figure the analysis pages compute, for the data catalog. Labels and definitions are those of the pages wherever these say
//! them; what stands only in a chart or a sentence is defined here. A test reads the pages' sources and fails for a figure that is not listed.

mod customers;
mod mining;
mod value;

use crate::{alarm, pages::scope, past, satisfaction, store};
use engine::{
    Actor, BoxFuture, Engine, Result, name,
    sea_query::{Expr, ExprTrait, Func, Query as Sql},
};
use meta::{DateTime, Label, Lang, NaiveDate, Utc, label};
use std::collections::BTreeMap;
use web::{Answer, App, ListedFigure, Session};

type Words = (&'static str, &'static str);

/// When figures of a page were computed.
#[derive(Clone, Copy)]
enum Source {
    /// By the newest fit.
    Fit,
    /// With the customers of a year ago.
    Past,
    /// After the fit, kept under this name.
    Kept(&'static str),
    /// By data mining, kept under this kind.
    Mined(&'static str),
}

struct Page {
    label: Words,
    href: &'static str,
    origin: Words,
    source: Source,
    is_for: fn(&Actor) -> bool,
    figures: &'static [Shown],
}

/// A figure; its name is the key of its label, unless it has words of its own.
struct Shown {
    name: &'static str,
    unit: &'static str,
    inputs: &'static str,
    label: Option<Words>,
    definition: Definition,
}

enum Definition {
    /// The text of a message.
    Message(&'static str),
    /// What the page says the heading means.
    OfName,
    /// With the name of the words that say how sure it is, which a message names itself.
    Own(Words, &'static str),
}

/// A figure that its page explains.
const fn helped(name: &'static str, help: &'static str, unit: &'static str, inputs: &'static str) -> Shown {
    Shown { name, unit, inputs, label: None, definition: Definition::Message(help) }
}

/// A figure that its page defines beside its table or chart, by the message of its name with `.is`.
const fn told(name: &'static str, unit: &'static str, inputs: &'static str) -> Shown {
    Shown { name, unit, inputs, label: None, definition: Definition::OfName }
}

/// A figure of a chart or a sentence, without a name of its own on the page.
const fn own(
    name: &'static str,
    label: Words,
    unit: &'static str,
    inputs: &'static str,
    sure: &'static str,
    definition: Words,
) -> Shown {
    Shown { name, unit, inputs, label: Some(label), definition: Definition::Own(definition, sure) }
}

impl Shown {
    /// With a name of its own.
    const fn named(self, label: Words) -> Shown {
        Shown { label: Some(label), ..self }
    }
}

fn pages() -> impl Iterator<Item = &'static Page> {
    [value::PAGES, mining::PAGES, customers::PAGES].into_iter().flatten()
}

pub fn figures(app: App, session: Session) -> BoxFuture<'static, Answer<Vec<ListedFigure>>> {
    Box::pin(async move {
        let times = Times::read(app.engine()).await?;
        let seen = pages().filter(|page| (page.is_for)(&session.actor));
        Ok(seen.flat_map(|page| page.figures.iter().map(|shown| listed(&app, &times, page, shown))).collect())
    })
}

fn listed(app: &App, times: &Times, page: &Page, shown: &Shown) -> ListedFigure {
    let words = |words: Words| label(words.0, words.1);
    let time = times.of(page.source);
    let (definition, certainty) = match shown.definition {
        Definition::Message(key) => meaning(app, key),
        Definition::OfName => meaning(app, &format!("{}.is", shown.name)),
        Definition::Own(own, sure) => (words(own), message(app, &format!("sure.{sure}"))),
    };
    ListedFigure {
        name: shown.name.to_owned(),
        label: shown.label.map_or_else(|| message(app, shown.name), words),
        definition,
        certainty,
        unit: shown.unit,
        inputs: shown.inputs,
        origin: words(page.origin),
        page: words(page.label),
        href: page.href,
        as_of: time.map(|(as_of, _)| as_of),
        refreshed_at: time.map(|(_, at)| at),
    }
}

/// A message in both languages; what the page fills in stands as “…”.
fn message(app: &App, key: &str) -> Label {
    let [en, zh] = [Lang::En, Lang::Zh].map(|lang| left_open(&app.t(lang, key, &[])));
    Label { en, zh }
}

/// What a figure means and how sure it is, by the message that says it.
fn meaning(app: &App, key: &str) -> (Label, Label) {
    let [en, zh] = [Lang::En, Lang::Zh].map(|lang| app.meaning(lang, key, &[]));
    let definition = Label { en: left_open(&en.definition), zh: left_open(&zh.definition) };
    (definition, Label { en: en.certainty, zh: zh.certainty })
}

fn left_open(text: &str) -> String {
    let mut done = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        done.push_str(before);
        done.push('…');
        rest = after;
    }
    done + rest
}

type Time = (NaiveDate, DateTime<Utc>);

/// When what is kept was computed.
struct Times {
    fit: Option<Time>,
    past: Option<Time>,
    kept: BTreeMap<String, Time>,
    mined: BTreeMap<String, Time>,
}

impl Times {
    async fn read(engine: &Engine) -> Result<Times> {
        let fit = store::newest_model(engine).await?.map(|model| (model.as_of, model.fitted_at));
        let past = past::newest(engine).await?.map(|past| (past.as_of, past.made_at));
        Ok(Times {
            fit,
            past,
            kept: newest(engine, "value_report", "name", "made_at").await?,
            mined: newest(engine, "mining_result", "kind", "computed_at").await?,
        })
    }

    fn of(&self, source: Source) -> Option<Time> {
        match source {
            Source::Fit => self.fit,
            Source::Past => self.past,
            Source::Kept(report) => self.kept.get(report).copied(),
            Source::Mined(kind) => self.mined.get(kind).copied(),
        }
    }
}

/// The newest result of each name in a table of results.
async fn newest(engine: &Engine, table: &str, named: &str, at: &str) -> Result<BTreeMap<String, Time>> {
    let newest = |column: &str| Func::max(Expr::col(name(column)));
    let select = Sql::select()
        .column(name(named))
        .expr(newest("as_of"))
        .expr(newest(at))
        .from(name(table))
        .and_where(Expr::col(name(named)).is_not_null())
        .group_by_col(name(named))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    rows.iter().map(|row| Ok((row.text(0)?, (row.date(1)?, row.instant(2)?)))).collect()
}

fn sees_answers(actor: &Actor) -> bool {
    satisfaction::sees_answers(actor)
}

fn sees_alarms(actor: &Actor) -> bool {
    alarm::sees_alarms(actor)
}

fn sees_the_company(actor: &Actor) -> bool {
    scope::sees_the_company(actor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_a_page_fills_in_is_left_open() {
        assert_eq!(left_open("{share} of the {count} customers"), "… of the … customers");
        assert_eq!(left_open("none"), "none");
    }

    #[test]
    fn every_figure_of_a_page_is_listed_once() {
        for page in pages() {
            let names: BTreeSet<&str> = page.figures.iter().map(|shown| shown.name).collect();
            assert_eq!(names.len(), page.figures.len(), "{}", page.href);
        }
    }
}
