//! A group of customers who buy alike loses members: how many belong to it now against a quarter ago, by the same bounds.
//!
//! How many of a group bought, as with relation and industry, would tell nothing: groups are made of how recently their members
//! bought, so that the silent ones are those who do not. That a group of small or silent customers shrinks is good news; only
//! those are looked at whose members bought for at least as much as the mean customer.
//!
//! An alarm tells the name people gave the group. Which group it is about tells the number, which stays when people change the name.

use super::{
    raise::Raised,
    rule::{AlarmSettings, Rule},
    signal::Signal,
};
use crate::mining::{
    group_names::Names,
    groups::{self, Group},
};
use engine::{Engine, Result};
use mining::grouping::stable::Move;
use value::change::Change;

/// Smaller groups tell nothing.
const MEMBERS_MINIMUM: usize = 10;
const NUMBERED: &str = "客户分群 ";
const BETWEEN: &str = " · ";

pub async fn find(engine: &Engine, alarms: &AlarmSettings) -> Result<Vec<Raised>> {
    let Some(kept) = groups::load(engine).await? else { return Ok(vec![]) };
    let Ok(found) = &kept.body else { return Ok(vec![]) };
    let names = Names::load(engine).await?;
    let raised = |number: u32, signal| Raised {
        rule: Rule::GroupShrinking,
        name: name(number, names.given(number)),
        account: None,
        customers: Some(format!("{} == {number}", groups::FIELD)),
        owner: alarms.receiver,
        since: None,
        signals: vec![signal],
        weeks: vec![],
    };
    let shrunk = |group: &Group| {
        let change = change(&found.moves, group.number);
        let many = change.before >= MEMBERS_MINIMUM as f64;
        let z = change.z().filter(|_| many && change.fell_by(alarms.get("group_fall")))?;
        let (before, now) = (change.before as u64, change.now as u64);
        Some(raised(group.number, Signal::FewerMembers { before, now, z }))
    };
    Ok(found.groups.iter().filter(|group| is_of_worth(group)).filter_map(shrunk).collect())
}

/// What an alarm about a group is called.
fn name(number: u32, given: Option<&str>) -> String {
    let numbered = format!("{NUMBERED}{number} Customer group {number}");
    given.map_or(numbered.clone(), |given| format!("{given}{BETWEEN}{numbered}"))
}

/// What an alarm that is about no customer is about, whatever name it was raised under.
pub fn about(name: &str) -> &str {
    match name.rsplit_once(BETWEEN) {
        Some((_, numbered)) if numbered.starts_with(NUMBERED) => numbered,
        _ => name,
    }
}

/// By what they bought for, or how often where groups are not made of that.
fn is_of_worth(group: &Group) -> bool {
    let lift = |name: &str| group.profile.features.iter().find(|feature| feature.name == name)?.lift;
    lift("sales").or_else(|| lift("orders")).is_some_and(|lift| lift >= 1.0)
}

/// Who stayed says nothing of chance: only who came and who left does (McNemar).
fn change(moves: &[Move], number: u32) -> Change {
    let sum = |counts: &dyn Fn(&Move) -> bool| {
        moves.iter().filter(|one| counts(one)).map(|one| one.customers).sum::<usize>() as f64
    };
    let (was, is) = (|one: &Move| one.from == Some(number), |one: &Move| one.to == Some(number));
    Change { before: sum(&was), now: sum(&is), squares: sum(&|one| was(one) != is(one)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_alarm_is_about_does_not_depend_on_the_name_people_gave() {
        let numbered = name(3, None);
        for given in ["Dealers", "A · B", "客户分群 7", " · "] {
            let named = name(3, Some(given));
            assert!(named.starts_with(given) && named != numbered);
            assert_eq!(about(&named), numbered);
        }
        assert_eq!(about(&numbered), numbered);
        assert_ne!(about(&name(4, Some("Dealers"))), numbered);
        // Of a region or an industry it is the whole name.
        assert_eq!(about("Food · Drinks"), "Food · Drinks");
    }

    #[test]
    fn a_group_shrinks_by_those_who_left_less_those_who_came() {
        let moved = |from, to, customers| Move { from, to, customers };
        let moves = [
            moved(None, Some(1), 4),
            moved(None, Some(2), 30),
            moved(Some(1), Some(1), 60),
            moved(Some(1), Some(2), 40),
            moved(Some(2), Some(1), 6),
        ];
        let one = change(&moves, 1);
        assert_eq!((one.before, one.now, one.squares), (100.0, 70.0, 50.0));
        assert!(one.fell_by(0.2) && one.z().is_some_and(|z| (z + 30.0 / 50.0_f64.sqrt()).abs() < 1e-12));
        let other = change(&moves, 2);
        assert!((other.before, other.now) == (6.0, 70.0) && !other.fell_by(0.2));
        let third = change(&moves, 3);
        assert!(third.z().is_none() && !third.fell_by(0.2));
    }
}
