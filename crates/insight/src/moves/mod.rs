//! Customers moving between life-cycle stages from any day to any other, whoever is chosen by a condition, in groups by any field:
//! asked of the warehouse when somebody wants to see it, since nobody can compute every period and group beforehand.
//!
//! Of however long a period, a customer moves once: what intervals and drivers take for independent are customers.
//!
//! A stage of then follows from the purchases up to then by the rule in force; P(alive) in it is that of today's model. So history
//! reaches as far as the orders do, further back than the classes that were kept ([`crate::class_history`]), and a customer's two
//! stages are by one rule.
//!
//! Long because its tests count moves by hand.

pub mod drivers;
pub mod histories;
pub mod traits;

use crate::{
    past::life::{QUARTER_DAYS, STAGES},
    settings::Settings,
    store::StoredModel,
};
use drivers::Found;
use engine::{Action, Actor, Engine, Error, Result};
use histories::Histories;
use meta::{DateTime, NaiveDate, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use value::{markov::Transitions, model::Model};
use warehouse::{
    Answer, Limits,
    arrow::{
        array::{Array, AsArray},
        datatypes::Int32Type,
    },
    semantic,
};

/// For a person who waits; of what is asked there is a row for each customer, or for each order.
const LIMITS: Limits = Limits { time: Duration::from_secs(60), ..Limits::JOB };
/// Groups that are told apart; the smaller ones count together.
pub const GROUPS: usize = 12;
/// Questions whose answers are kept; of a million customers one takes 8 MB.
const KEPT: usize = 4;
/// Four quarters.
const STANDARD_DAYS: i32 = 4 * QUARTER_DAYS;
pub const LOST: usize = 5;

/// Stages from which one can break up: neither prospects nor the lost.
pub fn is_active(stage: usize) -> bool {
    (1..LOST).contains(&stage)
}

/// What somebody wants to see; days outside the history are taken for its nearest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// A condition on the customer in the common language.
    pub filter: String,
    /// A field of the customer.
    pub by: Option<String>,
}

/// One customer who had bought by the end, with his places in [`STAGES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub key: u32,
    pub was: u8,
    pub is: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The field's value as text; `None` where it is empty.
    pub value: Option<String>,
    pub moves: Transitions,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Days since 1970-01-01.
    pub from: i32,
    pub to: i32,
    /// How far history reaches.
    pub first: i32,
    pub last: i32,
    /// As of when the records were read.
    pub refreshed_at: DateTime<Utc>,
    /// In the order of their keys.
    pub members: Vec<Member>,
    pub all: Transitions,
    /// The largest first; empty if nothing is grouped by.
    pub groups: Vec<Group>,
    /// Smaller groups together, and how many they are.
    pub others: Option<(usize, Transitions)>,
}

/// One who asks, with all the answers depend on.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub engine: &'a Engine,
    pub actor: &'a Actor,
    pub settings: &'a Settings,
    pub stored: &'a Arc<StoredModel>,
}

/// What was computed from the same files lately.
#[derive(Default)]
struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    histories: Option<(String, Arc<Histories>)>,
    moved: Vec<(String, Arc<Moved>)>,
    drivers: Vec<(String, Arc<Found>)>,
}

fn remember<T>(kept: &mut Vec<(String, Arc<T>)>, key: String, answer: &Arc<T>) {
    kept.retain(|(known, _)| *known != key);
    kept.insert(0, (key, answer.clone()));
    kept.truncate(KEPT);
}

fn recall<T>(kept: &[(String, Arc<T>)], key: &str) -> Option<Arc<T>> {
    kept.iter().find(|(known, _)| known == key).map(|(_, answer)| answer.clone())
}

/// Of everybody's records, whoever asks: only pages for those who may see the whole company call it.
pub(crate) async fn ask(engine: &Engine, sql: &str) -> Result<Answer> {
    warehouse::here(warehouse::query(engine, &Actor::system(), sql, LIMITS)).await?.whole()
}

impl<'a> Asking<'a> {
    /// `None` if the orders span less than two days.
    ///
    /// # Errors
    /// On `filter` and `by`, if they are none; [`Error::Unavailable`] before the warehouse's first refresh.
    pub async fn moved(&self, asked: &Asked) -> Result<Option<Arc<Moved>>> {
        let select =
            semantic::chosen(self.engine, self.actor, "account", &asked.filter, asked.by.as_deref())?;
        let (mark, refreshed_at) = self.files().await?;
        let key = format!("{mark} {asked:?} {:?}", self.actor.user);
        let known = self.kept(|kept| recall(&kept.moved, &key));
        if known.is_some() {
            return Ok(known);
        }
        let histories = self.histories(&mark).await?;
        if histories.is_empty() {
            return Ok(None);
        }
        let chosen =
            warehouse::here(warehouse::query(self.engine, self.actor, &select, LIMITS)).await?.whole()?;
        let (settings, stored, of) = (self.settings.clone(), self.stored.clone(), asked.clone());
        let grouped = asked.by.is_some();
        let computing = tokio::task::spawn_blocking(move || {
            let (customers, values) = customers(&chosen)?;
            let (from, to) = period(&histories, &of);
            let mut moved = Moved::of(&histories, &customers, (from, to), &settings, &stored.fitted.model);
            moved.refreshed_at = refreshed_at;
            if grouped {
                moved.split(&customers, values);
            }
            Ok::<_, Error>(Arc::new(moved))
        });
        let moved = computing.await.map_err(|error| Error::Internal(format!("interrupted: {error}")))??;
        self.kept(|kept| remember(&mut kept.moved, key, &moved));
        Ok(Some(moved))
    }

    /// What goes with the break-up in the period, see [`drivers`].
    pub async fn drivers(&self, asked: &Asked, moved: &Arc<Moved>) -> Result<Arc<Found>> {
        let (mark, _) = self.files().await?;
        let sees = traits::ENTITIES.map(|entity| self.sees(entity));
        let key = format!("{mark} {asked:?} {:?} {sees:?}", self.actor.user);
        if let Some(known) = self.kept(|kept| recall(&kept.drivers, &key)) {
            return Ok(known);
        }
        let histories = self.histories(&mark).await?;
        let known = traits::Known::read(self, moved.from).await?;
        let of = moved.clone();
        let computing = tokio::task::spawn_blocking(move || Found::of(&histories, &known, &of));
        let found = computing.await.map_err(|error| Error::Internal(format!("interrupted: {error}")))?;
        let found = Arc::new(found);
        self.kept(|kept| remember(&mut kept.drivers, key, &found));
        Ok(found)
    }

    /// Whether this installation has such records and who asks may see all of them.
    fn sees(&self, entity: &str) -> bool {
        self.engine.registry().entity(entity).is_ok()
            && self.actor.has(entity, Action::Read)
            && self.actor.sees_all(entity)
    }

    /// Everybody's purchase days as of now.
    pub async fn purchases(&self) -> Result<Arc<Histories>> {
        let (mark, _) = self.files().await?;
        self.histories(&mark).await
    }

    async fn histories(&self, mark: &str) -> Result<Arc<Histories>> {
        let known = self.kept(|kept| kept.histories.as_ref().filter(|(of, _)| of == mark).cloned());
        if let Some((_, histories)) = known {
            return Ok(histories);
        }
        let as_of = self.settings.as_of_day(self.engine.clock());
        let histories = Arc::new(Histories::read(self.engine, self.settings, as_of).await?);
        self.kept(|kept| kept.histories = Some((mark.to_owned(), histories.clone())));
        Ok(histories)
    }

    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        let cache = self.engine.extension::<Cache>();
        let mut kept = cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut kept)
    }

    /// Differs whenever an answer would, and as of when the files are.
    async fn files(&self) -> Result<(String, DateTime<Utc>)> {
        let answer = ask(self.engine, "SELECT count(*) FROM account").await?;
        let as_of = self.settings.as_of_day(self.engine.clock());
        let Answer { refreshed_at, position, .. } = answer;
        let mark = format!("{position} {refreshed_at} {as_of} {} {}", self.stored.id, self.settings.mark());
        Ok((mark, refreshed_at))
    }
}

/// The days taken: the end is at least one day after the beginning.
fn period(histories: &Histories, asked: &Asked) -> (i32, i32) {
    let to = asked.to.map_or(histories.last, |to| histories.nearest(to)).max(histories.first + 1);
    let standard = (to - STANDARD_DAYS).max(histories.first);
    let from = asked.from.map_or(standard, |from| histories.nearest(from));
    (from.min(to - 1), to)
}

/// Keys in ascending order, each with the number of its group's value; and the values.
type Customers = (Vec<(u32, usize)>, Vec<Option<String>>);

fn customers(chosen: &Answer) -> Result<Customers> {
    let (mut customers, mut values) = (Vec::with_capacity(chosen.rows()), vec![]);
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for batch in &chosen.batches {
        let (key, group) = (batch.column(0).as_primitive::<Int32Type>(), batch.column(1));
        for row in 0..batch.num_rows() {
            let Ok(key) = u32::try_from(key.value(row)) else { continue };
            let value = if group.is_null(row) {
                None
            } else {
                warehouse::value(group, row)?.as_text().map(str::to_owned).filter(|value| !value.is_empty())
            };
            let place = match places.get(&value) {
                Some(place) => *place,
                None => {
                    values.push(value.clone());
                    places.insert(value, values.len() - 1);
                    values.len() - 1
                }
            };
            customers.push((key, place));
        }
    }
    customers.sort_unstable();
    Ok((customers, values))
}

impl Moved {
    /// Of `customers`, by key and group in ascending order, between two days of the history.
    pub fn of(
        histories: &Histories,
        customers: &[(u32, usize)],
        (from, to): (i32, i32),
        settings: &Settings,
        model: &Model,
    ) -> Moved {
        let mut moved = Moved {
            from,
            to,
            first: histories.first,
            last: histories.last,
            refreshed_at: DateTime::default(),
            members: vec![],
            all: Transitions::new(STAGES.len()),
            groups: vec![],
            others: None,
        };
        for (key, _) in customers.iter().filter(|(key, _)| !histories.until(*key, to).is_empty()) {
            let stage = |day| histories.stage(*key, day, settings, model);
            let (was, is) = (stage(from), stage(to));
            moved.all.add(was, is);
            // There are six stages.
            moved.members.push(Member { key: *key, was: was as u8, is: is as u8 });
        }
        moved
    }

    /// Counts by group, the largest at the beginning first, equal ones by their value.
    pub fn split(&mut self, customers: &[(u32, usize)], values: Vec<Option<String>>) {
        let mut groups: Vec<Group> =
            values.into_iter().map(|value| Group { value, moves: Transitions::new(STAGES.len()) }).collect();
        let mut of = customers.iter();
        for member in &self.members {
            // Members are some of the customers, in the same order.
            let Some((_, group)) = of.find(|(key, _)| *key == member.key) else { break };
            if let Some(group) = groups.get_mut(*group) {
                group.moves.add(usize::from(member.was), usize::from(member.is));
            }
        }
        groups.retain(|group| group.moves.total() > 0);
        groups.sort_by(|one, other| {
            let size = |group: &Group| (broken_up(&group.moves).0, group.moves.total());
            size(other).cmp(&size(one)).then(one.value.cmp(&other.value))
        });
        if groups.len() > GROUPS {
            let small = groups.split_off(GROUPS);
            let mut together = Transitions::new(STAGES.len());
            small.iter().for_each(|group| together.merge(&group.moves));
            self.others = Some((small.len(), together));
        }
        self.groups = groups;
    }

    /// Members who were in a stage at the beginning and in another at the end; any where none is named.
    pub fn between(&self, was: Option<usize>, is: Option<usize>) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(move |member| {
            was.is_none_or(|was| usize::from(member.was) == was)
                && is.is_none_or(|is| usize::from(member.is) == is)
        })
    }
}

/// Customers in an active stage at the beginning, and how many of them were lost at the end.
pub fn broken_up(moves: &Transitions) -> (u64, u64) {
    (0..STAGES.len())
        .filter(|stage| is_active(*stage))
        .fold((0, 0), |(active, lost), stage| (active + moves.left(stage), lost + moves.count(stage, LOST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, seq::SliceRandom};
    use rand_chacha::ChaCha8Rng;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_lies_within_the_history() {
        let histories = Histories::of(vec![(0, 1000), (0, 2000)]);
        let asked = |from: Option<&str>, to: Option<&str>| {
            let asked = Asked { from: from.map(date), to: to.map(date), ..Asked::default() };
            period(&histories, &asked)
        };
        assert_eq!(asked(None, None), (2000 - 364, 2000));
        assert_eq!(asked(Some("1960-01-01"), Some("2060-01-01")), (1000, 2000));
        assert_eq!(asked(Some("1974-01-01"), Some("1974-01-01")), (1460, 1461));
        assert_eq!(asked(Some("1975-01-01"), Some("1974-01-01")), (1460, 1461));
        assert_eq!(asked(None, Some("1960-01-01")), (1000, 1001));
    }

    #[test]
    fn moves_are_counted_by_hand() {
        let (settings, model) = (Settings::default(), Model::fit(&[], 800));
        // One buys every month, one bought once long ago, one comes at the end, one only after it.
        let monthly: Vec<(i32, i32)> = (0..=800).step_by(20).map(|day| (0, day)).collect();
        let histories = Histories::of([monthly, vec![(1, 300), (2, 690), (3, 790)]].concat());
        let customers = [(0, 0), (1, 1), (2, 1), (3, 0), (9, 1)];
        let mut moved = Moved::of(&histories, &customers, (320, 700), &settings, &model);
        assert_eq!(moved.members.len(), 3);
        let all = &moved.all;
        assert_eq!([all.count(3, 3), all.count(1, 5), all.count(0, 1), all.total()], [1, 1, 1, 3]);
        assert_eq!(broken_up(all), (2, 1));
        let of = |was, is| moved.between(was, is).map(|member| member.key).collect::<Vec<_>>();
        assert_eq!((of(Some(1), Some(5)), of(None, Some(1)), of(Some(3), None)), (vec![1], vec![2], vec![0]));
        moved.split(&customers, vec![None, Some("b".into())]);
        let [with, without] = &moved.groups[..] else { panic!("{:?}", moved.groups) };
        assert_eq!(
            (with.value.as_deref(), with.moves.total(), broken_up(&with.moves)),
            (Some("b"), 2, (1, 1))
        );
        assert_eq!((without.value.as_deref(), without.moves.total()), (None, 1));
        assert_eq!(moved.others, None);
    }

    #[test]
    fn the_order_of_purchases_changes_nothing_and_groups_add_up() {
        let (settings, model) = (Settings::default(), Model::fit(&[], 900));
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for groups in 1..30_usize {
            let customers: Vec<(u32, usize)> = (0..40).map(|key| (key, key as usize % groups)).collect();
            let values: Vec<Option<String>> = (0..groups).map(|group| Some(format!("{group:02}"))).collect();
            let mut bought: Vec<(i32, i32)> =
                (0..300).map(|_| (random.random_range(0..40), random.random_range(0..900))).collect();
            let from = random.random_range(200..600);
            let to = from + random.random_range(1..300);
            let moved = |bought: &[(i32, i32)]| {
                let histories = Histories::of(bought.to_vec());
                let mut moved = Moved::of(&histories, &customers, (from, to), &settings, &model);
                moved.split(&customers, values.clone());
                moved
            };
            let first = moved(&bought);
            bought.shuffle(&mut random);
            assert_eq!(moved(&bought), first);
            assert!(first.all.total() > 5 && first.groups.len() <= GROUPS);
            // The intervals of shares take moves for independent: nobody moves twice.
            assert!(first.members.windows(2).all(|pair| pair[0].key < pair[1].key));
            assert_eq!(first.members.len() as u64, first.all.total());
            let mut sum = Transitions::new(STAGES.len());
            first.groups.iter().for_each(|group| sum.merge(&group.moves));
            first.others.iter().for_each(|(_, moves)| sum.merge(moves));
            assert_eq!(sum, first.all);
        }
    }
}
