//! What counts as a contract, declared by the names of fields: its first day, its last day once it is ended, how long until it is
//! renewed, what it brings each time; and which traits of customers are compared.

use super::term::Term;
use engine::{Engine, Error, Result, Tx};
use meta::{Entity, Field, Kind, NaiveDate, Record};
use serde::{Deserialize, Serialize};

pub const SETTING: &str = "value.contract";
/// Months from renewal to renewal that may be chosen.
pub const PERIODS: [u32; 4] = [1, 3, 6, 12];
/// More traits at once are asked of the data in vain.
pub const FEATURES_LIMIT: usize = 6;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Definition {
    /// Date field of the account: the first day; without it there is no contract.
    pub start: String,
    /// Date field of the account: the last day; empty while the contract is renewed.
    pub end: String,
    pub months: u32,
    /// Amount field of the account: what a contract brings from one renewal to the next; empty where none says.
    pub amount: String,
    /// Fields of the account.
    pub features: Vec<String>,
}

impl Default for Definition {
    fn default() -> Self {
        Definition {
            start: "contract_start_on".to_owned(),
            end: "contract_end_on".to_owned(),
            months: 12,
            amount: String::new(),
            features: ["relation", "country", "industry", "size_employees"].map(str::to_owned).to_vec(),
        }
    }
}

impl Definition {
    pub async fn load(engine: &Engine) -> Result<Definition> {
        let Some(json) = engine.setting(SETTING).await? else { return Ok(Definition::default()) };
        Ok(serde_json::from_value(json).unwrap_or_else(|error| {
            tracing::warn!("setting {SETTING} is left at its default: {error}");
            Definition::default()
        }))
    }

    /// Refuses what names no such field.
    pub async fn save(&self, tx: &mut Tx) -> Result<()> {
        let account = tx.engine().registry().entity("account")?.clone();
        self.check(&account)?;
        tx.change_setting(SETTING, &serde_json::to_value(self)?).await
    }

    /// A customer's contract; `None` without one, or with one that [`Term::of`] leaves out.
    pub fn term(&self, account: &Record, as_of: NaiveDate) -> Option<Term> {
        let start = account.get(&self.start).as_date()?;
        Term::of(start, account.get(&self.end).as_date(), self.months, as_of)
    }

    /// # Errors
    /// [`Error::Invalid`] names the first part that is wrong.
    pub fn check(&self, account: &Entity) -> Result<()> {
        for (name, chosen) in [("start", &self.start), ("end", &self.end)] {
            if !days(account).any(|field| field.name == *chosen) {
                return Err(Error::rule(
                    name,
                    format!("the customer has no date field “{chosen}”: choose one of the list"),
                    format!("客户没有日期字段“{chosen}”，请从列表中选择"),
                ));
            }
        }
        if self.start == self.end {
            return Err(Error::rule(
                "end",
                "is the same field as the beginning: choose another one",
                "与开始日期是同一字段，请另选",
            ));
        }
        if !PERIODS.contains(&self.months) {
            return Err(Error::rule(
                "months",
                "must be 1, 3, 6 or 12 months: choose one of them",
                "只能是 1、3、6 或 12 个月，请从中选择",
            ));
        }
        if !self.amount.is_empty() && !amounts(account).any(|field| field.name == self.amount) {
            return Err(Error::rule(
                "amount",
                format!(
                    "the customer has no amount field “{}”: choose one of the list, or none",
                    self.amount
                ),
                format!("客户没有金额字段“{}”，请从列表中选择或留空", self.amount),
            ));
        }
        if let Some(unknown) = self.features.iter().find(|name| !traits(account).any(|f| f.name == **name)) {
            return Err(Error::rule(
                "features",
                format!("“{unknown}” is no trait that can be compared: choose from the list"),
                format!("“{unknown}”不能作为比较特征，请从列表中选择"),
            ));
        }
        if self.features.len() > FEATURES_LIMIT {
            return Err(Error::rule(
                "features",
                format!("at most {FEATURES_LIMIT} can be compared at once: choose fewer"),
                format!("最多同时比较 {FEATURES_LIMIT} 个特征，请减少"),
            ));
        }
        Ok(())
    }
}

/// Fields that may say what a contract brings: amounts that people enter.
pub fn amounts(account: &Entity) -> impl Iterator<Item = &Field> {
    account.fields.values().filter(|field| field.kind == Kind::Money && is_entered(field) && !field.personal)
}

/// Fields that may say when a contract begins or ends: days that people enter.
pub fn days(account: &Entity) -> impl Iterator<Item = &Field> {
    account.fields.values().filter(|field| field.kind == Kind::Date && is_entered(field) && !field.personal)
}

/// Fields that customers may be compared by: what is entered of them, for what is computed follows from how they went on, and
/// nothing personal.
pub fn traits(account: &Entity) -> impl Iterator<Item = &Field> {
    let comparable = |kind: &Kind| {
        matches!(kind, Kind::Choice(_) | Kind::Bool | Kind::Text { .. } | Kind::Integer | Kind::Money)
    };
    let is_class = |name: &str| name.ends_with("_override");
    account.fields.values().filter(move |field| {
        comparable(&field.kind)
            && is_entered(field)
            && !field.personal
            && !is_class(&field.name)
            && field.name != account.title
    })
}

fn is_entered(field: &Field) -> bool {
    field.apart.is_none() && !field.computed && !field.figure
}
