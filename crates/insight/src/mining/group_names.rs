//! What groups of customers are called. A group is named by what marked it when it was first found, and keeps that name for as long as
//! it keeps its number, whatever marks it later; people may give it one of their own, which is then its name in every language.
//!
//! Numbers are never used again, so that no group inherits another's name.

use super::groups::Group;
use engine::{Actor, BoxFuture, Engine, Error, Result, Tx};
use meta::{Label, label};
use mining::grouping::profile::Mark;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The setting with the names, as an export of the company holds it.
pub const SETTING: &str = "mining.group_names";
const LONGEST: usize = 40;

/// What is said of a group by a feature in which it is high, and low.
const MARKS: [(&str, [(&str, &str); 2]); 7] = [
    ("recency_days", [("long silent", "久未购买"), ("bought lately", "近期活跃")]),
    ("orders", [("frequent", "高频"), ("few orders", "低频")]),
    ("sales", [("large sales", "高消费"), ("small sales", "低消费")]),
    ("products", [("wide range", "品种多"), ("narrow range", "品种少")]),
    ("order_amount", [("large orders", "大单"), ("small orders", "小单")]),
    ("tenure_days", [("long-standing", "老客户"), ("new", "新客户")]),
    ("interval_days", [("long intervals", "间隔长"), ("short intervals", "间隔短")]),
];

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    /// The first number no group has ever had.
    pub next: u32,
    pub of: BTreeMap<u32, Name>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Name {
    /// What marked the group when it was first found.
    pub marks: Vec<Mark>,
    /// By people.
    pub given: Option<String>,
}

impl Names {
    pub async fn load(engine: &Engine) -> Result<Self> {
        let json = engine.setting(SETTING).await?;
        Ok(json.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default())
    }

    async fn read(tx: &mut Tx) -> Result<Self> {
        let json = tx.setting(SETTING).await?;
        Ok(json.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default())
    }

    pub fn given(&self, number: u32) -> Option<&str> {
        self.of.get(&number)?.given.as_deref()
    }

    /// As people say, or as it was first marked; one that was never named is called by what marks it.
    pub fn called(&self, number: u32, marks: &[Mark]) -> Label {
        match self.of.get(&number) {
            Some(Name { given: Some(given), .. }) => label(given.as_str(), given.as_str()),
            Some(first) => marked(&first.marks),
            None => marked(marks),
        }
    }

    /// Groups found before, under their names; new ones are named, and those that are gone forgotten.
    fn settle(&mut self, groups: &[(u32, Vec<Mark>)]) {
        let mut former = std::mem::take(&mut self.of);
        for (number, marks) in groups {
            let new = Name { marks: marks.clone(), given: None };
            self.of.insert(*number, former.remove(number).unwrap_or(new));
            self.next = self.next.max(number + 1);
        }
    }
}

/// What marks a group, in words.
pub fn marked(marks: &[Mark]) -> Label {
    let said = |mark: &Mark| {
        let (_, [high, low]) = MARKS.iter().find(|(feature, _)| *feature == mark.feature)?;
        Some(if mark.high { *high } else { *low })
    };
    let (en, zh): (Vec<&str>, Vec<&str>) = marks.iter().filter_map(said).unzip();
    if en.is_empty() {
        label("like the average", "接近平均")
    } else {
        label(en.join(", "), zh.join("·"))
    }
}

/// Number and name, as a group stands among others.
pub fn numbered(number: u32, name: &Label) -> Label {
    label(format!("{number}: {}", name.en), format!("{number}：{}", name.zh))
}

/// Every group there is, for whoever shows figures by group.
pub fn by_number(engine: &Engine) -> BoxFuture<'_, Result<BTreeMap<i64, Label>>> {
    Box::pin(async move {
        let names = Names::load(engine).await?;
        let named = |number: &u32| (i64::from(*number), numbered(*number, &names.called(*number, &[])));
        Ok(names.of.keys().map(named).collect())
    })
}

/// Names what a run found.
pub async fn settle(engine: &Engine, groups: &[Group]) -> Result<()> {
    let groups: Vec<(u32, Vec<Mark>)> =
        groups.iter().map(|group| (group.number, group.profile.marks.clone())).collect();
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let before = Names::read(tx).await?;
                let mut names = before.clone();
                names.settle(&groups);
                if names == before {
                    return Ok(());
                }
                tx.set_setting(SETTING, &serde_json::to_value(names)?).await
            })
        })
        .await
}

/// Gives a group a name, or with an empty one the first name back.
pub async fn rename(tx: &mut Tx, number: u32, name: &str) -> Result<()> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return Err(Error::rule(
            "name",
            format!("choose a name of at most {LONGEST} characters"),
            format!("名称最多 {LONGEST} 个字符"),
        ));
    }
    let mut names = Names::read(tx).await?;
    let taken = names.of.iter().any(|(of, one)| *of != number && one.given.as_deref() == Some(&name));
    if taken && !name.is_empty() {
        return Err(Error::rule(
            "name",
            "another group has this name: choose a different one",
            "另一个分群已使用该名称，请换一个",
        ));
    }
    let Some(group) = names.of.get_mut(&number) else {
        return Err(Error::rule(
            "number",
            "there is no such group any more: load the page again",
            "该分群已不存在，请刷新页面",
        ));
    };
    let former = group.given.take().unwrap_or_default();
    if former == name {
        return Ok(());
    }
    tx.note_setting(SETTING, Some((&number.to_string(), &former, &name))).await?;
    group.given = Some(name).filter(|name| !name.is_empty());
    tx.set_setting(SETTING, &serde_json::to_value(names)?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(feature: &str) -> Vec<Mark> {
        vec![Mark { feature: feature.to_owned(), high: true }]
    }

    #[test]
    fn every_feature_marks_a_group_in_both_languages() {
        for (feature, ..) in super::super::groups::FEATURES {
            for high in [true, false] {
                let one = marked(&[Mark { feature: feature.to_owned(), high }]);
                assert!(one != marked(&[]) && !one.zh.is_ascii(), "{feature}: {one:?}");
            }
        }
        let two = marked(&[marks("sales"), marks("orders")].concat());
        assert_eq!((two.en.as_str(), two.zh.as_str()), ("large sales, frequent", "高消费·高频"));
    }

    #[test]
    fn a_name_lasts_as_long_as_its_group_and_no_longer() {
        let mut names = Names::default();
        names.settle(&[(1, marks("sales")), (2, marks("orders"))]);
        names.of.get_mut(&2).expect("a group").given = Some("Dealers".to_owned());
        // What marks them changes from night to night.
        names.settle(&[(1, marks("recency_days")), (2, marks("products"))]);
        assert_eq!((&names.of[&1].marks, names.given(2)), (&marks("sales"), Some("Dealers")));
        names.settle(&[(1, marks("sales")), (3, marks("orders"))]);
        assert_eq!((names.given(2), names.next), (None, 4));
        // The largest number is gone, and stays gone.
        names.settle(&[(1, marks("sales"))]);
        assert_eq!(names.next, 4);
        names.settle(&[(1, marks("sales")), (2, marks("orders"))]);
        assert_eq!(names.given(2), None);
    }
}
