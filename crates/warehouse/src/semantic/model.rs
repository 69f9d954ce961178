//! Everything that can be asked: measures, and the dimensions each fact has.

use super::{
    dimension::{self, Dimension},
    measure::{self, Expression, Measure, Whole},
    own,
};
use crate::{
    facts::{ORDER, WORTH},
    table::Table,
};
use engine::{Engine, Error, Registry, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub measures: Vec<Measure>,
    /// By fact.
    pub dimensions: BTreeMap<String, Vec<Dimension>>,
    pub(crate) facts: BTreeMap<String, Table>,
}

/// A table measures are taken from.
pub struct Fact {
    pub table: &'static str,
    /// The part that counts its rows.
    pub(crate) rows: &'static str,
    /// The measure that counts what its rows belong to, each a record of a list.
    pub documents: Option<&'static str>,
}

/// As they are offered to whoever asks.
pub const FACTS: [Fact; 8] = [
    fact("sales", "rows_of_sales", Some("orders")),
    fact("returns", "rows_of_returns", Some("return_documents")),
    fact("activities", "rows_of_activities", Some("activities")),
    fact("campaign_touches", "rows_of_campaign_touches", None),
    fact("order_costs", "rows_of_order_costs", Some("charged_orders")),
    fact("return_costs", "rows_of_return_costs", Some("charged_returns")),
    fact("surveys", "rows_of_surveys", Some("survey_records")),
    fact(WORTH, "rows_of_account_figures", Some("customer_records")),
];

const fn fact(table: &'static str, rows: &'static str, documents: Option<&'static str>) -> Fact {
    Fact { table, rows, documents }
}

/// Whether measures are taken from this table.
pub(crate) fn is_fact(table: &str) -> bool {
    FACTS.iter().any(|fact| fact.table == table)
}

/// The tables an engine declares and everything that can be asked of them.
pub(super) struct Declared {
    pub tables: Vec<Table>,
    pub model: Arc<Model>,
}

/// Made once: what an engine declares stays, and to derive it takes longer than most questions.
#[derive(Default)]
struct Kept(OnceLock<Arc<Declared>>);

pub(super) fn declared(engine: &Engine) -> Arc<Declared> {
    let make = || {
        let tables = crate::tables(engine.registry());
        let model = Arc::new(of_tables(engine.registry(), &tables));
        Arc::new(Declared { tables, model })
    };
    engine.extension::<Kept>().0.get_or_init(make).clone()
}

pub fn model(engine: &Engine) -> Arc<Model> {
    declared(engine).model.clone()
}

/// Everything that can be asked of these tables, which may lack columns that are not in the files yet.
pub(super) fn of(engine: &Engine, tables: &[Table]) -> Arc<Model> {
    let declared = declared(engine);
    if declared.tables == tables {
        declared.model.clone()
    } else {
        Arc::new(of_tables(engine.registry(), tables))
    }
}

fn of_tables(registry: &Registry, tables: &[Table]) -> Model {
    let facts: BTreeMap<String, Table> = tables
        .iter()
        .filter(|table| is_fact(&table.name))
        .map(|table| (table.name.clone(), table.clone()))
        .collect();
    let mut dimensions: BTreeMap<String, Vec<Dimension>> =
        facts.iter().map(|(name, fact)| (name.clone(), dimension::of_fact(registry, fact))).collect();
    let is_of_orders = |fact: &&Table| fact.head == ORDER && fact.line.is_none();
    let order = facts.values().find(is_of_orders).and_then(|fact| dimensions.get(&fact.name)).cloned();
    for (name, own) in &mut dimensions {
        let lacking = facts
            .get(name)
            .map(|fact| dimension::of_the_order(fact, own, order.as_deref().unwrap_or_default()));
        own.extend(lacking.unwrap_or_default());
    }
    let measures = [measure::all(), own::measures(registry, &facts)].concat();
    let mut model = Model { measures, dimensions, facts };
    let known: Vec<Measure> =
        model.measures.iter().filter(|measure| !model.facts_of(measure.name).is_empty()).cloned().collect();
    model.measures = known;
    model
}

impl Model {
    pub fn measure(&self, name: &str) -> Result<&Measure> {
        self.measures.iter().find(|measure| measure.name == name).ok_or_else(|| {
            Error::rule(
                "measures",
                format!("there is no measure {name}: see the catalog"),
                format!("没有指标 {name}，请查看数据目录"),
            )
        })
    }

    /// The facts a measure is taken from; none if one of them is missing here.
    pub fn facts_of(&self, measure: &str) -> Vec<&str> {
        let Some(found) = self.measures.iter().find(|known| known.name == measure) else { return vec![] };
        match &found.expression {
            Expression::Aggregate { table, .. } => {
                self.facts.get_key_value(*table).map(|(name, _)| name.as_str()).into_iter().collect()
            }
            of_others => {
                let mut facts: Vec<&str> = vec![];
                for other in of_others.made_of() {
                    let found = self.facts_of(other);
                    if found.is_empty() {
                        return vec![];
                    }
                    facts.extend(found);
                }
                let mut known = BTreeSet::new();
                facts.retain(|fact| known.insert(*fact));
                facts
            }
        }
    }

    pub fn dimension(&self, fact: &str, name: &str) -> Option<&Dimension> {
        self.dimensions.get(fact)?.iter().find(|dimension| dimension.name == name)
    }

    /// Whether a dimension is the documents' own and not of their lines; `None` where the fact has none of the name.
    pub(super) fn is_of_documents(&self, fact: &str, dimension: &str) -> Option<bool> {
        is_of_documents(self.facts.get(fact)?, self.dimension(fact, dimension)?)
    }

    /// Dimensions every fact of these measures has, and that all of them can be cut by.
    pub fn common(&self, measures: &[String]) -> Vec<&Dimension> {
        let mut facts: Vec<&str> = measures.iter().flat_map(|name| self.facts_of(name)).collect();
        facts.dedup();
        let Some((first, rest)) = facts.split_first() else { return vec![] };
        let named = |name: &String| self.measures.iter().find(|known| known.name == *name);
        let once = measures
            .iter()
            .filter_map(named)
            .flat_map(|measure| self.parts(measure))
            .any(|part| part.is_once_a_document());
        let (Some(table), Some(all)) = (self.facts.get(*first), self.dimensions.get(*first)) else {
            return vec![];
        };
        let fits = |of_documents: Option<bool>| of_documents.is_some_and(|all_own| all_own || !once);
        all.iter()
            .filter(|dimension| fits(is_of_documents(table, dimension)))
            .filter(|dimension| rest.iter().all(|fact| fits(self.is_of_documents(fact, &dimension.name))))
            .collect()
    }

    /// What of a measure can be cut by a dimension, in as large parts as possible, and which aggregates in it cannot.
    pub(super) fn parted_by<'m>(&'m self, measure: &'m Measure, dimension: &str) -> [Vec<&'m Measure>; 2] {
        let has = |fact: &&str| self.dimension(fact, dimension).is_some();
        if self.facts_of(measure.name).iter().all(has) {
            return [vec![measure], vec![]];
        }
        let parts = measure.expression.made_of();
        if parts.is_empty() {
            return [vec![], vec![measure]];
        }
        let mut parted = [vec![], vec![]];
        for part in parts.iter().filter_map(|name| self.measures.iter().find(|known| known.name == *name)) {
            for (all, found) in parted.iter_mut().zip(self.parted_by(part, dimension)) {
                all.extend(found);
            }
        }
        parted
    }

    /// Whether the values of parts add up to that of the whole: not for ratios and numbers of different things.
    pub fn is_additive(&self, measure: &Measure) -> bool {
        let adds = |part: &Measure| {
            matches!(part.expression, Expression::Aggregate { whole: Whole::Sum | Whole::Once, .. })
        };
        !matches!(measure.expression, Expression::Ratio(..)) && self.parts(measure).iter().all(adds)
    }

    /// The aggregates a measure is made of.
    pub(crate) fn parts(&self, measure: &Measure) -> Vec<Measure> {
        let own = matches!(measure.expression, Expression::Aggregate { .. }).then(|| measure.clone());
        own.into_iter().chain(self.parts_of(&measure.expression.made_of())).collect()
    }

    /// Those that say how sure it is.
    pub(super) fn spread(&self, measure: &Measure) -> Vec<Measure> {
        self.parts_of(&measure.spread())
    }

    fn parts_of(&self, names: &[&str]) -> Vec<Measure> {
        let named = |name: &&str| self.measures.iter().find(|known| known.name == *name);
        names.iter().filter_map(named).flat_map(|part| self.parts(part)).collect()
    }
}

/// [`Model::is_of_documents`] of a dimension of this fact.
fn is_of_documents(fact: &Table, dimension: &Dimension) -> Option<bool> {
    let column = dimension.path.first().map_or(&dimension.column, |step| &step.key);
    Some(fact.is_of_head(fact.column(column)?))
}
