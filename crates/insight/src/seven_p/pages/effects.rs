//! Whether what campaigns brought about differs by medium or by region: of all experiments that have ended together, and only as far
//! as it is more than chance. An experiment has one medium, so that media are those of different experiments; regions are compared within
//! each.

use super::{Board, List, drawn, experiments::Tried};
use crate::{
    mining::experiment::{ENTITY, MEDIUM},
    pages::{href, words::Words},
};
use mining::effect::{
    across::{self, Across, Together},
    heterogeneity::{Arms, Part},
    within,
};

/// Experiments are put together with those that are measured alike.
const OUTCOMES: [&str; 2] = ["bought", "sales"];
const OF_MEDIA: [&str; 5] = ["measured_by", "experiments", "customers", "difference", "interval"];
const OF_REGIONS: [&str; 5] =
    ["measured_by", "experiments_apart", "customers_there", "more_there", "more_there_interval"];

/// What was found by what experiments are measured by; only of what some are.
type Tested = Vec<(&'static str, Option<Across>)>;

/// A table by what effects are told apart, and what is said of it.
pub(super) struct Apart {
    pub list: List,
    /// What stands beside a table that is there; without one the table says why.
    pub notes: Vec<String>,
}

pub(super) fn outcome(arms: &Arms) -> &'static str {
    match arms {
        Arms::Rates(_) => OUTCOMES[0],
        Arms::Amounts(_) => OUTCOMES[1],
    }
}

/// A number of an effect by what it is measured by.
pub(super) fn shown(words: &Words<'_>, measured: &str, value: f64) -> String {
    if measured == OUTCOMES[1] { words.units(value) } else { words.percent(value) }
}

impl Board<'_> {
    pub(super) fn by_medium(&self, tried: &[Tried]) -> Apart {
        let ended: Vec<(&str, Arms)> =
            tried.iter().filter_map(|one| Some((one.experiment.text(MEDIUM), one.ended()?.arms?))).collect();
        let parts: Vec<Part> = ended
            .iter()
            .filter(|(medium, _)| !medium.is_empty())
            .map(|(medium, arms)| Part { name: (*medium).to_owned(), arms: *arms })
            .collect();
        let tested = tested(&parts, |part| Some(outcome(&part.arms)), across::test);
        let mut apart = self.apart("medium", &OF_MEDIA, tested, |medium, _| {
            (self.choice(ENTITY, MEDIUM, medium), href::list(ENTITY, &format!("{MEDIUM} == '{medium}'")))
        });
        let unknown = ended.len() - parts.len();
        if unknown > 0 {
            let count = self.words.count(unknown as u64);
            apart.notes.push(self.t("seven.medium_missing", &[("count", &count)]));
        }
        apart
    }

    pub(super) fn by_region(&self, tried: &[Tried]) -> Apart {
        let regions: Vec<&[Part]> =
            tried.iter().filter_map(Tried::ended).map(|found| found.regions.as_slice()).collect();
        // All regions of an experiment are measured alike.
        let measured = |regions: &&[Part]| regions.first().map(|part| outcome(&part.arms));
        let tested = tested(&regions, measured, |alike| within::test(alike.into_iter().copied()));
        self.apart("region", &OF_REGIONS, tested, |region, measured| {
            (region.to_owned(), drawn::href(region, measured))
        })
    }

    /// `named` gives the name of a part, and where it leads, by what it is measured by.
    fn apart(
        &self,
        by: &'static str,
        columns: &[&str],
        tested: Tested,
        named: impl Fn(&str, &str) -> (String, String),
    ) -> Apart {
        let (mut rows, mut said) = (vec![], vec![]);
        for (measured, found) in tested {
            let word = self.choice(ENTITY, "outcome", measured);
            said.push(self.said_of(by, &word, found.as_ref()));
            // Where the effect is the same for all, a table would only invite to read noise.
            for part in found.filter(|found| found.real).into_iter().flat_map(|found| found.parts) {
                let (name, href) = named(&part.name, measured);
                rows.push((name, href, self.together(measured, &word, &part)));
            }
        }
        let said = if said.is_empty() { vec![self.t(&format!("seven.{by}_unknown"), &[])] } else { said };
        let (nobody, notes) = if rows.is_empty() { (said.join(" "), vec![]) } else { (String::new(), said) };
        let list = List {
            title: self.t(&format!("seven.{by}_list"), &[]),
            first: self.t(&format!("seven.column.{by}"), &[]),
            table: self.table(&format!("effects{by}"), columns, rows, &format!("/{ENTITY}")),
            nobody,
        };
        Apart { list, notes }
    }

    fn said_of(&self, by: &str, measured: &str, found: Option<&Across>) -> String {
        let Some(found) = found else {
            return self.t(&format!("seven.{by}_few"), &[("measured", measured)]);
        };
        let told = if found.real { "differ" } else { "alike" };
        let p = self.words.fixed(found.p_value, 3);
        self.t(&format!("seven.{by}_{told}"), &[("measured", measured), ("p", &p)])
    }

    fn together(&self, measured: &str, word: &str, part: &Together) -> Vec<String> {
        let shown = |value: f64| shown(self.words, measured, value);
        vec![
            word.to_owned(),
            self.words.count(part.experiments),
            self.words.count(part.customers),
            shown(part.difference),
            format!("{} – {}", shown(part.lower), shown(part.upper)),
        ]
    }
}

/// Those measured alike are tested together.
fn tested<'e, E>(
    all: &'e [E],
    measured_by: impl Fn(&E) -> Option<&'static str>,
    test: impl Fn(Vec<&'e E>) -> Option<Across>,
) -> Tested {
    let of = |measured| {
        let alike: Vec<&E> = all.iter().filter(|one| measured_by(one) == Some(measured)).collect();
        // Nobody asks of what no experiment was measured by.
        (!alike.is_empty()).then(|| (measured, test(alike)))
    };
    OUTCOMES.into_iter().filter_map(of).collect()
}
