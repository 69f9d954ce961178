//! A company at random: a tree of teams, people with roles, records that follow others, shares; and a plain model of who may
//! do what, written without any of the engine's own.

use crate::shop::{self, Shop};
use engine::{Action, Actor, Engine, Level, Module};
use meta::{Entity, Id, Value, Values, instant, integer, phone, reference, text};
use std::collections::{BTreeMap, BTreeSet};

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

pub fn module() -> Module {
    let owner = || reference("owner", "user").zh("负责人");
    Module::new("firm")
        .entity(
            Entity::new("client")
                .labels("Client", "Clients", "客户")
                .field(text("name").zh("名称").required().searched().indexed())
                .field(phone("phone").zh("电话").searched().indexed())
                .field(integer("income").zh("收入").indexed())
                .field(text("city").zh("城市").indexed())
                .field(owner())
                .field(reference("team", "team").zh("团队"))
                .list(["name", "city"])
                .sort("name")
                .external_ids(),
        )
        .entity(
            Entity::new("deal")
                .labels("Deal", "Deals", "商机")
                .field(text("name").zh("名称").required().searched().indexed())
                .field(reference("client", "client").zh("客户"))
                .field(instant("happened_at").zh("时间").indexed().default_now())
                .field(owner())
                .list(["name"])
                .timeline("client", "happened_at")
                .follows("client"),
        )
        .entity(
            Entity::new("deal_line")
                .labels("Line", "Lines", "明细")
                .field(text("name").zh("商品").required())
                .field(reference("deal", "deal").zh("商机").required())
                .field(integer("cost").zh("成本"))
                .parent("deal"),
        )
        .entity(
            Entity::new("price")
                .labels("Price", "Prices", "价格")
                .field(text("name").zh("名称").required().indexed())
                .open(),
        )
}

/// What a record is for the model.
#[derive(Clone, Debug)]
pub struct Known {
    pub entity: &'static str,
    pub id: Id,
    pub name: String,
    pub owner: Option<Id>,
    pub team: Option<Id>,
    /// What it follows.
    pub up: Option<Id>,
    pub city: &'static str,
    pub phone: String,
    pub income: i64,
}

pub struct Firm {
    pub engine: Engine,
    pub teams: BTreeMap<Id, Option<Id>>,
    pub leads: BTreeMap<Id, Id>,
    /// User → team.
    pub people: BTreeMap<Id, Option<Id>>,
    pub roles_of: BTreeMap<Id, Vec<Id>>,
    pub levels: BTreeMap<(Id, &'static str, &'static str), Level>,
    pub fields: BTreeMap<(Id, &'static str, &'static str), &'static str>,
    pub records: Vec<Known>,
    pub shares: Vec<Shared>,
}

pub struct Shared {
    pub record: Id,
    pub user: Option<Id>,
    pub team: Option<Id>,
    pub writes: bool,
}

pub const CITIES: [&str; 3] = ["北京", "上海", "Qingdao"];
const SPOKEN: [&str; 2] = ["client", "deal"];

/// Each a moment after the one before, so that ids stand in the order of making and a seed gives the same company again.
pub async fn create(engine: &Engine, entity: &'static str, values: Values) -> Id {
    let moment = std::time::Duration::from_millis(1);
    engine.clock().set(engine.clock().now() + moment);
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create(entity, values).await }))
        .await
        .unwrap()
}

fn id_or_null(id: Option<Id>) -> Value {
    id.map_or(Value::Null, Value::Id)
}

impl Firm {
    pub async fn at_random(shop: &Shop, seed: u64) -> Firm {
        let folder = shop.folder.join("firm");
        let engine = shop::reopen(&shop.database, &folder, vec![shop::module(), module()]).await.unwrap();
        let mut firm = Firm {
            engine,
            teams: BTreeMap::new(),
            leads: BTreeMap::new(),
            people: BTreeMap::new(),
            roles_of: BTreeMap::new(),
            levels: BTreeMap::new(),
            fields: BTreeMap::new(),
            records: vec![],
            shares: vec![],
        };
        let mut dice = Dice::new(seed);
        firm.make_people(&mut dice).await;
        firm.make_roles(&mut dice).await;
        firm.make_records(&mut dice).await;
        firm.make_shares(&mut dice).await;
        firm
    }

    async fn make_people(&mut self, dice: &mut Dice) {
        for number in 0..5 {
            let known: Vec<Id> = self.teams.keys().copied().collect();
            let parent = if known.is_empty() { None } else { dice.maybe(&known) };
            let values = shop::values([
                ("name", format!("team {number}").into()),
                ("parent_team", id_or_null(parent)),
            ]);
            self.teams.insert(create(&self.engine, "team", values).await, parent);
        }
        let teams: Vec<Id> = self.teams.keys().copied().collect();
        for number in 0..7 {
            let team = dice.maybe(&teams);
            let values = shop::values([
                ("name", format!("user {number}").into()),
                ("email", format!("u{number}@example.com").into()),
                ("team", id_or_null(team)),
            ]);
            self.people.insert(create(&self.engine, "user", values).await, team);
        }
        let people: Vec<Id> = self.people.keys().copied().collect();
        let (team, lead) = (dice.one(&teams), dice.one(&people));
        let values = shop::values([("lead", lead.into())]);
        self.engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { tx.update("team", team, None, values).await })
            })
            .await
            .unwrap();
        self.leads.insert(team, lead);
    }

    async fn make_roles(&mut self, dice: &mut Dice) {
        let mut roles = vec![];
        for number in 0..4 {
            let role =
                create(&self.engine, "role", shop::values([("name", format!("role {number}").into())])).await;
            roles.push(role);
            for entity in SPOKEN {
                let mut values = shop::values([("role", role.into()), ("entity", entity.into())]);
                for action in Action::ALL {
                    let level = dice.one(&Level::ALL);
                    values.insert(action.name().into(), level.name().into());
                    self.levels.insert((role, entity, action.name()), level);
                }
                create(&self.engine, "role_right", values).await;
            }
            for (entity, field) in
                [("client", "phone"), ("client", "income"), ("client", "city"), ("deal_line", "cost")]
            {
                let Some(level) = dice.maybe(&["hidden", "masked", "read_only"]) else { continue };
                let values = shop::values([
                    ("role", role.into()),
                    ("entity", entity.into()),
                    ("field", field.into()),
                    ("level", level.into()),
                ]);
                create(&self.engine, "field_right", values).await;
                self.fields.insert((role, entity, field), level);
            }
        }
        // The last user has no role.
        let people: Vec<Id> = self.people.keys().copied().collect();
        for user in &people[..people.len() - 1] {
            let mut own = BTreeSet::from([dice.one(&roles)]);
            own.extend(dice.maybe(&roles));
            for role in &own {
                let values = shop::values([("user", (*user).into()), ("role", (*role).into())]);
                create(&self.engine, "user_role", values).await;
            }
            self.roles_of.insert(*user, own.into_iter().collect());
        }
    }

    async fn make_records(&mut self, dice: &mut Dice) {
        let people: Vec<Id> = self.people.keys().copied().collect();
        let teams: Vec<Id> = self.teams.keys().copied().collect();
        for number in 0..24 {
            let mut known = Known {
                entity: "client",
                id: Id::nil(),
                name: format!("client{number:02}"),
                owner: dice.maybe(&people),
                team: if dice.below(3) == 0 { Some(dice.one(&teams)) } else { None },
                up: None,
                city: dice.one(&CITIES),
                phone: format!("+86138001380{number:02}"),
                income: dice.below(9) as i64,
            };
            let values = shop::values([
                ("name", known.name.as_str().into()),
                ("phone", known.phone.as_str().into()),
                ("income", Value::Int(known.income)),
                ("city", known.city.into()),
                ("owner", id_or_null(known.owner)),
                ("team", id_or_null(known.team)),
            ]);
            known.id = create(&self.engine, "client", values).await;
            self.records.push(known);
        }
        let clients: Vec<Id> = self.records.iter().map(|record| record.id).collect();
        for number in 0..30 {
            let (owner, up) = (dice.maybe(&people), dice.maybe(&clients));
            let name = format!("deal{number:02}");
            let values = shop::values([
                ("name", name.as_str().into()),
                ("client", id_or_null(up)),
                ("owner", id_or_null(owner)),
            ]);
            let id = create(&self.engine, "deal", values).await;
            self.add("deal", id, name, owner, up);
            if dice.below(2) == 0 {
                let name = format!("line{number:02}");
                let cost = Value::Int(7);
                let values =
                    shop::values([("name", name.as_str().into()), ("deal", id.into()), ("cost", cost)]);
                let line = create(&self.engine, "deal_line", values).await;
                self.add("deal_line", line, name, None, Some(id));
            }
        }
        let price = create(&self.engine, "price", shop::values([("name", "price".into())])).await;
        self.add("price", price, "price".into(), None, None);
    }

    fn add(&mut self, entity: &'static str, id: Id, name: String, owner: Option<Id>, up: Option<Id>) {
        let (team, city, phone) = (None, "", String::new());
        self.records.push(Known { entity, id, name, owner, team, up, city, phone, income: 0 });
    }

    async fn make_shares(&mut self, dice: &mut Dice) {
        let people: Vec<Id> = self.people.keys().copied().collect();
        let teams: Vec<Id> = self.teams.keys().copied().collect();
        for _ in 0..8 {
            let record = self.records[dice.below(self.records.len() - 1)].clone();
            if record.entity == "deal_line" {
                continue;
            }
            let user = dice.maybe(&people);
            let team = if user.is_none() { Some(dice.one(&teams)) } else { None };
            let (writes, over) = (dice.below(2) == 0, dice.below(4) == 0);
            let ends = if over { "2026-11-20T00:00:00Z" } else { "2026-12-20T00:00:00Z" };
            let ends: meta::DateTime<meta::Utc> = ends.parse().unwrap();
            let values = shop::values([
                ("entity", record.entity.into()),
                ("record", record.id.to_string().into()),
                ("user", id_or_null(user)),
                ("team", id_or_null(team)),
                ("level", if writes { "write" } else { "read" }.into()),
                ("expires_at", ends.into()),
            ]);
            create(&self.engine, "record_share", values).await;
            if !over {
                self.shares.push(Shared { record: record.id, user, team, writes });
            }
        }
    }
}
