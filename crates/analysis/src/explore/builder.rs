//! What the explorer offers and what is chosen: the context of `builder.html`.

use super::{
    chart::resolved,
    offered::Group,
    view::{BETWEEN, Chart, View, plain, written, written_within},
};
use crate::{said::Said, words::Words};
use engine::{Actor, Result};
use meta::{Id, Label};
use serde::Serialize;
use std::collections::BTreeMap;
use warehouse::semantic::{CompanyCalendar, Compare, Cut, DimensionKind, Model, Named, Period, Within};

#[derive(Serialize)]
pub struct Builder {
    measures: Vec<Group>,
    dimensions: Vec<Group>,
    shelves: [Shelf; 3],
    crumbs: Vec<Crumb>,
    periods: Vec<Choice>,
    between: bool,
    from: String,
    to: String,
    compares: Vec<Choice>,
    filter: String,
    filter_labels: BTreeMap<String, String>,
    fields_href: String,
    top: String,
    share: bool,
    running: bool,
    sort: String,
    charts: Vec<Choice>,
    saved: String,
    query: String,
    problems: Vec<Said>,
    empty: bool,
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    icon: &'static str,
    chosen: bool,
    /// It is so although nobody chose it.
    drawn: bool,
}

#[derive(Serialize)]
struct Shelf {
    /// `m`, `r` or `c`.
    name: &'static str,
    label: String,
    hint: String,
    chips: Vec<Chip>,
}

#[derive(Serialize)]
struct Chip {
    label: String,
    value: String,
    definition: String,
    levels: Vec<Choice>,
    first: bool,
    last: bool,
    /// Rows are sorted by it.
    sort: Option<&'static str>,
    by: String,
}

#[derive(Serialize)]
struct Crumb {
    dimension: String,
    label: String,
    value: String,
}

pub struct Ground<'a> {
    pub words: &'a Words<'a>,
    pub actor: &'a Actor,
    pub model: &'a Model,
}

impl Ground<'_> {
    pub async fn builder(&self, view: &View, problems: Vec<Said>) -> Result<Builder> {
        let question = &view.question;
        let (between, from, to) = match question.period {
            Some(Period::Between { from, to }) => (true, from.to_string(), to.to_string()),
            _ => (false, String::new(), String::new()),
        };
        Ok(Builder {
            measures: self.measures(view),
            dimensions: self.dimensions(view),
            shelves: [self.measure_shelf(view), self.shelf(view, "r"), self.shelf(view, "c")],
            crumbs: self.crumbs(&question.within).await?,
            periods: self.periods(question.period, between),
            between,
            from,
            to,
            compares: self.compares(question.compare),
            filter: question.filter.clone(),
            filter_labels: self.filter_labels(view).await?,
            fields_href: super::fields::href(&question.measures),
            top: question.top.map(|top| top.to_string()).unwrap_or_default(),
            share: question.share,
            running: question.running,
            sort: view
                .pairs()
                .into_iter()
                .find(|(name, _)| *name == "sort")
                .map(|(_, sort)| sort)
                .unwrap_or_default(),
            charts: self.charts(view),
            saved: view.saved.map(|id| id.to_string()).unwrap_or_default(),
            query: view.query(),
            problems,
            empty: question.measures.is_empty(),
        })
    }

    pub(super) fn say(&self, label: &Label) -> String {
        self.words.say(label)
    }

    fn measure_shelf(&self, view: &View) -> Shelf {
        let names = &view.question.measures;
        let chip = |(at, name): (usize, &String)| {
            let known = self.model.measure(name).ok();
            Chip {
                label: known.map_or_else(|| name.clone(), |measure| self.say(&measure.label)),
                value: name.clone(),
                definition: known.map(|measure| self.say(&measure.definition)).unwrap_or_default(),
                levels: vec![],
                first: at == 0,
                last: at + 1 == names.len(),
                sort: sorted(view, name),
                by: name.clone(),
            }
        };
        let chips = names.iter().enumerate().map(chip).collect();
        self.named_shelf("m", "explore.measures", "explore.drop_measures", chips)
    }

    fn named_shelf(&self, name: &'static str, label: &str, hint: &str, chips: Vec<Chip>) -> Shelf {
        Shelf { name, label: self.words.t(label, &[]), hint: self.words.t(hint, &[]), chips }
    }

    fn shelf(&self, view: &View, name: &'static str) -> Shelf {
        let cuts = if name == "r" { view.rows() } else { view.columns() };
        let chip = |(at, cut): (usize, &Cut)| {
            let known = self.dimension(&cut.dimension);
            let levels = known.map(|known| known.levels.as_slice()).unwrap_or_default();
            let level = |level: &warehouse::semantic::Level| Choice {
                value: level.name().to_owned(),
                label: self.say(&level.label()),
                icon: "calendar",
                chosen: cut.level.unwrap_or(warehouse::semantic::Level::Day) == *level,
                drawn: false,
            };
            let own = known.map_or_else(|| cut.dimension.clone(), |known| self.say(&known.label));
            Chip {
                label: match cut.level {
                    Some(level) => format!("{own} · {}", self.say(&level.label())),
                    None => own,
                },
                value: written(cut),
                definition: known.map(|known| self.say(&known.definition)).unwrap_or_default(),
                levels: levels.iter().map(level).collect(),
                first: at == 0,
                last: at + 1 == cuts.len(),
                sort: sorted(view, &cut.dimension),
                by: cut.dimension.clone(),
            }
        };
        let chips = cuts.iter().enumerate().map(chip).collect();
        let label = if name == "r" { "explore.rows" } else { "explore.columns" };
        self.named_shelf(name, label, "explore.drop_dimensions", chips)
    }

    async fn crumbs(&self, steps: &[Within]) -> Result<Vec<Crumb>> {
        let labels = self.members(steps).await?;
        let crumb = |(step, label): (&Within, String)| Crumb {
            dimension: self
                .dimension(&step.dimension)
                .map_or_else(|| step.dimension.clone(), |known| self.say(&known.label)),
            label,
            value: written_within(step),
        };
        Ok(steps.iter().zip(labels).map(crumb).collect())
    }

    /// The names of members.
    pub async fn members(&self, steps: &[Within]) -> Result<Vec<String>> {
        let engine = self.words.app.engine();
        let (mut wanted, mut numbers): (Vec<(&str, Id)>, Vec<Option<Label>>) = (vec![], vec![]);
        for step in steps {
            numbers.push(match (self.dimension(&step.dimension), step.value.as_i64()) {
                (Some(known), Some(number)) => known.number_names(engine).await?.remove(&number),
                _ => None,
            });
            if let Some(DimensionKind::Record { entity }) =
                self.dimension(&step.dimension).map(|known| &known.kind)
                && let Some(id) = step.value.as_str().and_then(|id| id.parse().ok())
            {
                wanted.push((entity, id));
            }
        }
        let titles =
            if wanted.is_empty() { Default::default() } else { engine.titles(self.actor, &wanted).await? };
        let calendar = CompanyCalendar::of(engine).await?;
        let name = |(step, number): (&Within, Option<Label>)| {
            let of_member = || self.dimension(&step.dimension).and_then(|known| step.label(known, calendar));
            let title = || {
                step.value
                    .as_str()
                    .and_then(|id| id.parse::<Id>().ok())
                    .and_then(|id| titles.get(&id).cloned())
            };
            let label = number.or_else(of_member).map(|label| self.say(&label));
            label.or_else(title).unwrap_or_else(|| step.value.to_string())
        };
        Ok(steps.iter().zip(numbers).map(name).collect())
    }

    fn periods(&self, period: Option<Period>, between: bool) -> Vec<Choice> {
        let choice = |value: String, label: String, chosen| Choice {
            value,
            label,
            icon: "calendar",
            chosen,
            drawn: false,
        };
        let named = |named: &Named| {
            choice(plain(named), self.say(&named.label()), period == Some(Period::Named { named: *named }))
        };
        let all = choice(String::new(), self.words.t("explore.all_time", &[]), period.is_none());
        let own = choice(BETWEEN.to_owned(), self.words.t("explore.between", &[]), between);
        [all].into_iter().chain(Named::ALL.iter().map(named)).chain([own]).collect()
    }

    fn compares(&self, compare: Option<Compare>) -> Vec<Choice> {
        let one = |compared: Option<Compare>, key: &str| Choice {
            value: compared.as_ref().map(plain).unwrap_or_default(),
            label: self.words.t(key, &[]),
            icon: "arrows-diff",
            chosen: compare == compared,
            drawn: false,
        };
        vec![
            one(None, "explore.compare_none"),
            one(Some(Compare::Previous), "explore.compare_previous"),
            one(Some(Compare::LastYear), "explore.compare_last_year"),
        ]
    }

    fn charts(&self, view: &View) -> Vec<Choice> {
        let drawn = resolved(view, self.model);
        let icons = [
            (Chart::Table, "table"),
            (Chart::Bar, "chart-bar"),
            (Chart::Line, "chart-line"),
            (Chart::Heat, "grid-dots"),
            (Chart::Treemap, "chart-treemap"),
            (Chart::Map, "map-2"),
        ];
        let one = |(chart, icon): (Chart, &'static str)| Choice {
            value: chart.name().to_owned(),
            label: self.words.t(&format!("explore.chart_{}", chart.name()), &[]),
            icon,
            chosen: chart == view.chart,
            drawn: chart == drawn,
        };
        icons.into_iter().map(one).collect()
    }

    /// Titles of the records the filter names.
    async fn filter_labels(&self, view: &View) -> Result<BTreeMap<String, String>> {
        let ids: Vec<Id> =
            view.question.filter.split(['"', '\'']).filter_map(|part| part.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let engine = self.words.app.engine();
        let fields =
            warehouse::semantic::filter_fields(engine, self.actor, self.model, &view.question.measures)?;
        let named = fields.iter().filter(|known| view.question.filter.contains(&known.path));
        let targets: std::collections::BTreeSet<&str> =
            named.filter_map(|known| known.field.target()).collect();
        let wanted: Vec<(&str, Id)> =
            targets.iter().flat_map(|target| ids.iter().map(|id| (*target, *id))).collect();
        let titles = engine.titles(self.actor, &wanted).await?;
        Ok(titles.into_iter().map(|(id, title)| (id.to_string(), title)).collect())
    }
}

fn sorted(view: &View, by: &str) -> Option<&'static str> {
    let sort = view.question.sort.as_ref().filter(|sort| sort.by == by)?;
    Some(if sort.descending { "descending" } else { "ascending" })
}
