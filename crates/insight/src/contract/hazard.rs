//! Which traits go with an early end: customers grouped by the fields that were chosen, compared all at once (Cox).

use meta::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use value::contractual::cox::{self, CoxFit, CoxProblem, Effect, Subject};

/// Groups of a feature that are compared; the others count as one.
const GROUPS: usize = 5;
/// Smaller groups tell nothing: customers, and of them ended and going on.
const FEWEST_CUSTOMERS: usize = 20;
const FEWEST_EACH: usize = 5;
const ENDS_PER_TRAIT: usize = 10;

/// What the members of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Word(String),
    Is(bool),
    /// From the median up, and below it: the number as it is stored in a filter.
    AtLeast(String),
    Below(String),
    /// None of these.
    Other(Vec<String>),
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub field: String,
    pub group: Group,
    /// The largest group, which all others are held against.
    pub against: Group,
    pub customers: u64,
    pub ended: u64,
    pub effect: Effect,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hazards {
    pub compared: Vec<Compared>,
    pub concordance: Option<f64>,
    /// Fields without two groups that are large enough.
    pub left_out: Vec<String>,
    /// Fields of which a group follows from the others and is not compared.
    pub follows: Vec<String>,
    /// Fields for which too few contracts ended.
    pub too_many: Vec<String>,
    /// Why nothing is compared.
    pub missing: Option<CoxProblem>,
}

/// One customer: for how long he was seen, whether he left, and his values of the fields in their order.
pub struct Row {
    pub months: f64,
    pub ended: bool,
    pub values: Vec<Value>,
}

struct Trait {
    field: usize,
    group: Group,
    against: Group,
}

pub fn compare(fields: &[String], rows: &[Row]) -> Hazards {
    let mut found = Hazards::default();
    let groups: Vec<Vec<Group>> = (0..fields.len()).map(|field| grouped(rows, field)).collect();
    let mut traits: Vec<Trait> = vec![];
    for (field, name) in fields.iter().enumerate() {
        let of_field = traits_of(field, &groups[field], rows);
        if of_field.is_empty() {
            found.left_out.push(name.clone());
        }
        traits.extend(of_field);
    }
    let ended = rows.iter().filter(|row| row.ended).count();
    for extra in traits.split_off(traits.len().min(ended / ENDS_PER_TRAIT)) {
        note(&mut found.too_many, &fields[extra.field]);
    }
    let fit = loop {
        let subject = |(at, row): (usize, &Row)| Subject {
            time: row.months,
            ended: row.ended,
            traits: traits
                .iter()
                .map(|one| f64::from(u8::from(groups[one.field][at] == one.group)))
                .collect(),
        };
        let subjects: Vec<Subject> = rows.iter().enumerate().map(subject).collect();
        match cox::fit(&subjects) {
            Err(CoxProblem::Redundant(at)) if at < traits.len() && traits.len() > 1 => {
                let dropped = traits.remove(at);
                note(&mut found.follows, &fields[dropped.field]);
            }
            other => break other,
        }
    };
    match fit {
        Ok(fit) => found.take(fields, &groups, rows, traits, &fit),
        Err(problem) => found.missing = Some(problem),
    }
    found
}

fn note(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}

impl Hazards {
    fn take(
        &mut self,
        fields: &[String],
        groups: &[Vec<Group>],
        rows: &[Row],
        traits: Vec<Trait>,
        fit: &CoxFit,
    ) {
        self.concordance = fit.concordance;
        for (one, effect) in traits.into_iter().zip(&fit.effects) {
            let (customers, ended) = counted(&groups[one.field], rows, &one.group);
            self.compared.push(Compared {
                field: fields[one.field].clone(),
                group: one.group,
                against: one.against,
                customers: customers as u64,
                ended: ended as u64,
                effect: *effect,
            });
        }
    }
}

/// Members of a group, and those of them who left.
fn counted(groups: &[Group], rows: &[Row], group: &Group) -> (usize, usize) {
    let members = || groups.iter().zip(rows).filter(|(own, _)| *own == group);
    (members().count(), members().filter(|(_, row)| row.ended).count())
}

/// Everybody's group by one field.
fn grouped(rows: &[Row], field: usize) -> Vec<Group> {
    let mut numbers: Vec<meta::Decimal> = rows.iter().filter_map(|row| number(&row.values[field])).collect();
    numbers.sort_unstable();
    let median = numbers.get(numbers.len() / 2).map(|median| median.normalize());
    let own = |row: &Row| match &row.values[field] {
        Value::Text(word) if !word.is_empty() => Group::Word(word.clone()),
        Value::Bool(is) => Group::Is(*is),
        value => match (number(value), median) {
            (Some(own), Some(median)) if own >= median => Group::AtLeast(median.to_string()),
            (Some(_), Some(median)) => Group::Below(median.to_string()),
            _ => Group::Unknown,
        },
    };
    let mut groups: Vec<Group> = rows.iter().map(own).collect();
    let kept: Vec<String> = largest(&groups)
        .into_iter()
        .filter_map(|group| match group {
            Group::Word(word) => Some(word),
            _ => None,
        })
        .take(GROUPS)
        .collect();
    for group in &mut groups {
        if matches!(group, Group::Word(word) if !kept.contains(word)) {
            *group = Group::Other(kept.clone());
        }
    }
    groups
}

fn number(value: &Value) -> Option<meta::Decimal> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

/// The groups there are, the largest first.
fn largest(groups: &[Group]) -> Vec<Group> {
    let mut counts: BTreeMap<&Group, usize> = BTreeMap::new();
    for group in groups {
        *counts.entry(group).or_default() += 1;
    }
    let mut counts: Vec<(&Group, usize)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
    counts.into_iter().map(|(group, _)| group.clone()).collect()
}

/// The largest group against each other one that is large enough; what is smaller counts with the largest.
fn traits_of(field: usize, groups: &[Group], rows: &[Row]) -> Vec<Trait> {
    let mut list = largest(groups).into_iter();
    let Some(against) = list.next() else { return vec![] };
    let large = |group: &Group| {
        let (customers, ended) = counted(groups, rows, group);
        customers >= FEWEST_CUSTOMERS && ended >= FEWEST_EACH && customers - ended >= FEWEST_EACH
    };
    list.filter(large).map(|group| Trait { field, group, against: against.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 200 customers those abroad leave twice as soon; size tells nothing; the code is another word for the country.
    fn rows() -> Vec<Row> {
        (0..200_i64)
            .map(|i| {
                let abroad = i % 4 == 0;
                let months = (1 + i * 37 % 40) as f64 * if abroad { 0.5 } else { 1.0 };
                let (country, code) = if abroad { ("日本", "JP") } else { ("中国", "CN") };
                let values = vec![country.into(), Value::Int(i * 13 % 100), code.into(), Value::Null];
                Row { months, ended: i % 3 != 0, values }
            })
            .collect()
    }

    fn fields() -> Vec<String> {
        ["country", "size", "code", "empty"].map(str::to_owned).to_vec()
    }

    #[test]
    fn who_leaves_sooner_has_the_higher_hazard() {
        let found = compare(&fields(), &rows());
        let country = &found.compared[0];
        assert_eq!((country.field.as_str(), &country.group), ("country", &Group::Word("日本".into())));
        assert_eq!(country.against, Group::Word("中国".into()));
        assert_eq!((country.customers, found.missing), (50, None));
        assert!(country.effect.low > 1.2, "{country:?}");
        let size = found.compared.iter().find(|one| one.field == "size").expect("compared");
        assert!(size.effect.low < 1.0 && size.effect.high > 1.0, "{size:?}");
        assert!(matches!(size.group, Group::AtLeast(_) | Group::Below(_)));
        assert_eq!((found.left_out, found.follows), (vec!["empty".to_owned()], vec!["code".to_owned()]));
    }

    #[test]
    fn too_few_ends_are_said() {
        let few: Vec<Row> =
            rows().into_iter().map(|row| Row { ended: row.ended && row.months < 3.0, ..row }).collect();
        let ends = few.iter().filter(|row| row.ended).count();
        assert!((10..20).contains(&ends), "{ends}");
        let found = compare(&fields(), &few);
        assert_eq!(found.compared.len(), 1);
        assert!(!found.too_many.is_empty());
        let none: Vec<Row> = rows().into_iter().map(|row| Row { ended: false, ..row }).collect();
        assert_eq!(compare(&fields(), &none).missing, Some(CoxProblem::TooFewEnds));
    }
}
