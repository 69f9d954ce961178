//! Questions that ask for everything there is without asking for every pair of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem::discriminant,
};
use warehouse::semantic::{Cut, Dimension, Level, Model, Question};

/// As many measures as may be asked at once.
const TOGETHER: usize = 12;

/// A dimension at a level, and the measures that can be cut by it.
struct Offered<'m> {
    dimension: &'m Dimension,
    level: Option<Level>,
    /// What differs in how cuts are written, beside the way from the fact.
    kind: String,
    measures: Vec<&'m str>,
}

/// How a cut is written hangs on its fact, how a measure is on itself: every dimension is asked, at these levels, of each fact
/// that has it, and every measure by each kind of dimension, each level being one.
pub fn covering(model: &Model, levels: impl Fn(&Dimension) -> Vec<Option<Level>>) -> Vec<Question> {
    let dimensions: BTreeMap<&str, &Dimension> =
        model.dimensions.values().flatten().map(|one| (one.name.as_str(), one)).collect();
    let mut offered = vec![];
    for dimension in dimensions.into_values() {
        let has = |name: &&str| can_be_cut(model, &[(*name).to_owned()], dimension);
        let measures: Vec<&str> = model.measures.iter().map(|measure| measure.name).filter(has).collect();
        for level in if measures.is_empty() { vec![] } else { levels(dimension) } {
            let then = dimension.name.ends_with("_then");
            let kind = format!("{:?} {level:?} {then}", discriminant(&dimension.kind));
            offered.push(Offered { dimension, level, kind, measures: measures.clone() });
        }
    }
    let mut plan = Plan { model, by_kind: BTreeMap::new(), by_fact: BTreeSet::new(), questions: vec![] };
    for cut in &offered {
        plan.ask(cut, cut.measures.clone());
    }
    // What no cut of a kind had room for.
    for cut in &offered {
        loop {
            let lacking: Vec<&str> =
                cut.measures.iter().copied().filter(|name| plan.lacks(cut, name)).collect();
            if lacking.is_empty() {
                break;
            }
            plan.ask(cut, lacking);
        }
    }
    plan.questions
}

fn can_be_cut(model: &Model, measures: &[String], dimension: &Dimension) -> bool {
    model.common(measures).iter().any(|one| one.name == dimension.name)
}

struct Plan<'m> {
    model: &'m Model,
    /// How often a measure was asked by a kind of dimension.
    by_kind: BTreeMap<(String, &'m str), usize>,
    /// Of which facts a dimension was asked at a level.
    by_fact: BTreeSet<(&'m str, String, &'m str)>,
    questions: Vec<Question>,
}

impl<'m> Plan<'m> {
    fn times(&self, cut: &Offered, measure: &'m str) -> usize {
        self.by_kind.get(&(cut.kind.clone(), measure)).copied().unwrap_or_default()
    }

    /// Whether a fact of this measure was not cut like this yet.
    fn is_of_new_fact(&self, cut: &Offered<'m>, measure: &str) -> bool {
        let known = |fact| self.by_fact.contains(&(cut.dimension.name.as_str(), cut.kind.clone(), fact));
        self.model.facts_of(measure).into_iter().any(|fact| !known(fact))
    }

    fn lacks(&self, cut: &Offered<'m>, measure: &'m str) -> bool {
        self.times(cut, measure) == 0 || self.is_of_new_fact(cut, measure)
    }

    /// One question, for what was asked least so far, first of all of facts that were not asked.
    fn ask(&mut self, cut: &Offered<'m>, mut wanted: Vec<&'m str>) {
        let mut chosen: Vec<String> = vec![];
        wanted.sort_by_key(|name| self.times(cut, name));
        // The first of its measures wherever it fits: what others are of may be empty.
        let first = cut.measures[0];
        if can_be_cut(self.model, &[first.to_owned(), wanted[0].to_owned()], cut.dimension) {
            wanted.insert(0, first);
        }
        for only_of_new_facts in [true, false] {
            for name in &wanted {
                let is_left_out = only_of_new_facts && !self.is_of_new_fact(cut, name);
                if is_left_out || chosen.len() == TOGETHER || chosen.iter().any(|one| one == name) {
                    continue;
                }
                chosen.push((*name).to_owned());
                // Some measures have a dimension alone that they do not have together.
                if !can_be_cut(self.model, &chosen, cut.dimension) {
                    chosen.pop();
                    continue;
                }
                *self.by_kind.entry((cut.kind.clone(), *name)).or_default() += 1;
                let facts = self.model.facts_of(name).into_iter();
                self.by_fact.extend(facts.map(|fact| (cut.dimension.name.as_str(), cut.kind.clone(), fact)));
            }
        }
        let cuts = vec![Cut { dimension: cut.dimension.name.clone(), level: cut.level }];
        self.questions.push(Question { measures: chosen, cuts, ..Question::default() });
    }
}
