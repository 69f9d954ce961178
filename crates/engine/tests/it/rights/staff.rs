//! People made at random: a tree of teams, users with roles, and what is shared with them.

use super::model::{Firm, Shared};
use engine::{Action, Actor, Engine, Level};
use meta::{Id, Value, Values};
use std::collections::BTreeSet;

/// Numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
    pub fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
    pub fn maybe<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        (self.below(3) > 0).then(|| self.one(all))
    }
}

pub fn named(values: impl IntoIterator<Item = (&'static str, Value)>) -> Values {
    values.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// Each a moment after the one before, so that ids stand in the order of making and a seed gives the same company again.
pub async fn create(engine: &Engine, entity: &'static str, values: Values) -> Id {
    let moment = std::time::Duration::from_millis(1);
    engine.clock().set(engine.clock().now() + moment);
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create(entity, values).await }))
        .await
        .unwrap()
}

pub async fn update(engine: &Engine, entity: &'static str, id: Id, values: Values) {
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.update(entity, id, None, values).await }))
        .await
        .unwrap();
}

pub fn id_or_null(id: Option<Id>) -> Value {
    id.map_or(Value::Null, Value::Id)
}

impl Firm {
    /// `user` makes the user with this number.
    pub async fn make_people(&mut self, dice: &mut Dice, count: usize, user: impl AsyncFn(usize) -> Id) {
        for number in 0..5 {
            let known: Vec<Id> = self.teams.keys().copied().collect();
            let parent = if known.is_empty() { None } else { dice.maybe(&known) };
            let values = [("name", format!("team {number}").into()), ("parent_team", id_or_null(parent))];
            self.teams.insert(create(&self.engine, "team", named(values)).await, parent);
        }
        let teams: Vec<Id> = self.teams.keys().copied().collect();
        for number in 0..count {
            let team = dice.maybe(&teams);
            let id = user(number).await;
            update(&self.engine, "user", id, named([("team", id_or_null(team))])).await;
            self.people.insert(id, team);
        }
        let people: Vec<Id> = self.people.keys().copied().collect();
        let (team, lead) = (dice.one(&teams), dice.one(&people));
        update(&self.engine, "team", team, named([("lead", lead.into())])).await;
        self.leads.insert(team, lead);
    }

    /// Roles that say something of each of `spoken` and may keep back each of `fields`.
    pub async fn make_roles(
        &mut self,
        dice: &mut Dice,
        spoken: &[&'static str],
        fields: &[(&'static str, &'static str)],
    ) {
        let mut roles = vec![];
        for number in 0..4 {
            let role = create(&self.engine, "role", named([("name", format!("role {number}").into())])).await;
            roles.push(role);
            for entity in spoken.iter().copied() {
                let mut values = vec![("role", role.into()), ("entity", entity.into())];
                for action in Action::ALL {
                    let level = dice.one(&Level::ALL);
                    values.push((action.name(), level.name().into()));
                    self.levels.insert((role, entity, action.name()), level);
                }
                create(&self.engine, "role_right", named(values)).await;
            }
            for (entity, field) in fields.iter().copied() {
                let Some(level) = dice.maybe(&["hidden", "masked", "read_only"]) else { continue };
                let values = [
                    ("role", role.into()),
                    ("entity", entity.into()),
                    ("field", field.into()),
                    ("level", level.into()),
                ];
                create(&self.engine, "field_right", named(values)).await;
                self.fields.insert((role, entity, field), level);
            }
        }
        // The last user has no role.
        let people: Vec<Id> = self.people.keys().copied().collect();
        for user in &people[..people.len() - 1] {
            let mut own = BTreeSet::from([dice.one(&roles)]);
            own.extend(dice.maybe(&roles));
            for role in &own {
                let values = [("user", (*user).into()), ("role", (*role).into())];
                create(&self.engine, "user_role", named(values)).await;
            }
            self.roles_of.insert(*user, own.into_iter().collect());
        }
    }

    pub async fn make_shares(&mut self, dice: &mut Dice) {
        let people: Vec<Id> = self.people.keys().copied().collect();
        let teams: Vec<Id> = self.teams.keys().copied().collect();
        for _ in 0..8 {
            let record = self.records[dice.below(self.records.len())].clone();
            if record.entity == self.line.0 || record.entity == self.open {
                continue;
            }
            let user = dice.maybe(&people);
            let team = if user.is_none() { Some(dice.one(&teams)) } else { None };
            let (writes, over) = (dice.below(2) == 0, dice.below(4) == 0);
            let ends = if over { "2026-11-20T00:00:00Z" } else { "2026-12-20T00:00:00Z" };
            let ends: meta::DateTime<meta::Utc> = ends.parse().unwrap();
            let values = [
                ("entity", record.entity.into()),
                ("record", record.id.to_string().into()),
                ("user", id_or_null(user)),
                ("team", id_or_null(team)),
                ("level", if writes { "write" } else { "read" }.into()),
                ("expires_at", ends.into()),
            ];
            create(&self.engine, "record_share", named(values)).await;
            if !over {
                self.shares.push(Shared { record: record.id, user, team, writes });
            }
        }
    }
}
