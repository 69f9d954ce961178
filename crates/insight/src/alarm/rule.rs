//! The rules as data: what each looks at, its thresholds with what they may be, and what the company set.

use engine::{Engine, Error, Result, Tx};
use meta::{Id, Problem, label};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub const SETTING: &str = "value.alarms";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    CoreCustomer,
    ReorderDue,
    GroupShrinking,
    RegionFalling,
}

/// How a threshold is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Percent,
    Count,
}

pub struct Threshold {
    pub name: &'static str,
    pub unit: Unit,
    pub standard: f64,
    pub least: f64,
    pub most: f64,
}

pub struct Declared {
    pub rule: Rule,
    pub thresholds: &'static [Threshold],
}

const fn threshold(name: &'static str, unit: Unit, standard: f64, least: f64, most: f64) -> Threshold {
    Threshold { name, unit, standard, least, most }
}

/// Every rule, in the order of the settings page.
pub const RULES: [Declared; 4] = [
    Declared {
        rule: Rule::CoreCustomer,
        thresholds: &[
            threshold("late_chance", Unit::Percent, 0.95, 0.8, 0.999),
            threshold("p_buy_fall", Unit::Percent, 0.3, 0.05, 1.0),
            threshold("worth_fall", Unit::Percent, 0.4, 0.05, 1.0),
        ],
    },
    Declared {
        rule: Rule::ReorderDue,
        thresholds: &[threshold("tasks_at_once", Unit::Count, 10.0, 1.0, 200.0)],
    },
    Declared {
        rule: Rule::GroupShrinking,
        thresholds: &[threshold("group_fall", Unit::Percent, 0.2, 0.05, 1.0)],
    },
    Declared {
        rule: Rule::RegionFalling,
        thresholds: &[threshold("region_fall", Unit::Percent, 0.2, 0.05, 1.0)],
    },
];

impl Rule {
    pub const fn name(self) -> &'static str {
        match self {
            Rule::CoreCustomer => "core_customer",
            Rule::ReorderDue => "reorder_due",
            Rule::GroupShrinking => "group_shrinking",
            Rule::RegionFalling => "region_falling",
        }
    }

    /// Days in which the receiver should have looked at it.
    pub fn due_in_days(self) -> i64 {
        match self {
            Rule::CoreCustomer => 2,
            Rule::ReorderDue => 3,
            Rule::GroupShrinking | Rule::RegionFalling => 7,
        }
    }
}

/// What the company set; a threshold that is absent has its standard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmSettings {
    /// Rules that are switched off.
    pub off: Vec<String>,
    pub thresholds: BTreeMap<String, f64>,
    /// Who gets alarms of groups and regions; `None` is the oldest administrator.
    pub receiver: Option<Id>,
}

impl AlarmSettings {
    pub async fn load(engine: &Engine) -> Result<Self> {
        let Some(json) = engine.setting(SETTING).await? else { return Ok(Self::default()) };
        Ok(serde_json::from_value(json).unwrap_or_else(|error| {
            tracing::warn!("setting {SETTING} is left at its default: {error}");
            Self::default()
        }))
    }

    pub fn is_on(&self, rule: Rule) -> bool {
        !self.off.iter().any(|off| off == rule.name())
    }

    pub fn get(&self, name: &str) -> f64 {
        let declared = RULES.iter().flat_map(|rule| rule.thresholds).find(|one| one.name == name);
        let standard = declared.map_or(0.0, |one| one.standard);
        self.thresholds.get(name).copied().filter(|set| set.is_finite()).unwrap_or(standard)
    }

    /// Refuses a threshold outside its bounds.
    pub async fn save(&self, tx: &mut Tx) -> Result<()> {
        for one in RULES.iter().flat_map(|rule| rule.thresholds) {
            let set = self.get(one.name);
            if !(one.least..=one.most).contains(&set) {
                let (least, most) = (one.unit.shown(one.least), one.unit.shown(one.most));
                let rule = label(
                    format!("must be between {least} and {most}: check the threshold"),
                    format!("应在 {least} 到 {most} 之间，请检查阈值"),
                );
                return Err(Error::Invalid(vec![meta::FieldProblem::new(one.name, Problem::Rule(rule))]));
            }
        }
        tx.change_setting(SETTING, &serde_json::to_value(self)?).await
    }
}

impl Unit {
    /// As the settings page writes it: percents as whole numbers.
    pub fn shown(self, number: f64) -> String {
        match self {
            Unit::Percent => format!("{}", (number * 1_000.0).round() / 10.0),
            _ => format!("{number}"),
        }
    }

    /// `None` for what is no number.
    pub fn read(self, text: &str) -> Option<f64> {
        let number: f64 = text.trim().trim_end_matches('%').trim().parse().ok()?;
        number.is_finite().then_some(if self == Unit::Percent { number / 100.0 } else { number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_are_within_their_bounds_and_names_differ() {
        let all: Vec<&Threshold> = RULES.iter().flat_map(|rule| rule.thresholds).collect();
        for one in &all {
            assert!((one.least..=one.most).contains(&one.standard), "{}", one.name);
            assert_eq!(one.unit.read(&one.unit.shown(one.standard)), Some(one.standard), "{}", one.name);
            assert_eq!(all.iter().filter(|other| other.name == one.name).count(), 1);
        }
        let settings = AlarmSettings { off: vec!["reorder_due".into()], ..AlarmSettings::default() };
        assert!(settings.is_on(Rule::CoreCustomer) && !settings.is_on(Rule::ReorderDue));
        assert_eq!(settings.get("late_chance"), 0.95);
    }
}
