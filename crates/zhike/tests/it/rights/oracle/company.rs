//! Customers, contacts, orders and what belongs to them, of people with roles at random, and the words each of them must
//! not come upon.

use super::{
    model::{Firm, Known},
    staff::{Dice, create, id_or_null, named},
};
use engine::{Action, Role};
use meta::{Id, Lang, Value};
use std::collections::BTreeSet;
use testkit::{Answer, Client, PASSWORD, TestApp};

pub const ENTITIES: [&str; 6] = ["account", "contact", "address", "activity", "order", "order_line"];
const SPOKEN: [&str; 5] = ["account", "contact", "address", "activity", "order"];
/// What a role may keep back, and what of it can be told by a word of one record alone.
pub const SECRETS: [&str; 3] = ["phone", "income", "city"];
const WITHHELD: [(&str, &str); 4] =
    [("account", "phone"), ("account", "income"), ("account", "city"), ("order_line", "cost")];
pub const CITIES: [&str; 10] = [
    "Aldermoor",
    "Birkwell",
    "Cranholt",
    "Dunverley",
    "Eskmouth",
    "Fernwick",
    "Garstead",
    "Hollinby",
    "Inverloch",
    "Jarlsund",
];
const PEOPLE: usize = 5;

pub type Ids = BTreeSet<Id>;

pub struct Company {
    pub firm: Firm,
    pub people: Vec<Person>,
    pub admin: Client,
}

/// One user, by browser and by program.
pub struct Person {
    pub id: Id,
    pub browser: Client,
    pub program: Client,
    /// Names of records he may not see, and values that are kept from him.
    kept_back: Vec<String>,
}

impl Person {
    pub async fn page(&self, road: &str) -> Answer {
        self.checked(road, self.browser.get(road).await)
    }

    pub async fn api(&self, road: &str) -> Answer {
        self.checked(road, self.program.get(road).await)
    }

    fn checked(&self, road: &str, answer: Answer) -> Answer {
        assert!(answer.status < 500, "{road}: {} {}", answer.status, answer.body);
        self.is_not_told(road, &answer.body);
        answer
    }

    /// What he `asked` with is said back.
    pub fn is_not_told(&self, asked: &str, text: &str) {
        let plain = text.replace([',', ' ', '\u{a0}'], "");
        let told = self.kept_back.iter().find(|word| !asked.contains(*word) && plain.contains(*word));
        assert!(told.is_none(), "{asked} tells {} of {}: {text}", self.id, told.unwrap());
    }
}

pub fn email(number: usize) -> String {
    format!("u{number}@example.com")
}

/// The value as it stands in texts.
pub fn word(record: &Known, field: &str) -> String {
    match field {
        "phone" => record.phone.trim_start_matches("+86").to_owned(),
        "income" => record.income.to_string(),
        _ => record.city.to_owned(),
    }
}

/// What the line of this order costs the customer: no two sets of orders cost the same.
pub fn price(order: &Known) -> i64 {
    1 << order.income
}

impl Company {
    pub async fn at_random(test: &TestApp, seed: u64) -> Company {
        let admin = test.administrator().await;
        let mut firm = Firm::new(test.engine.clone(), ("order_line", "order"), "product");
        let mut dice = Dice::new(seed);
        let user = async |number: usize| {
            // Ids stand in the order of making.
            test.clock.set(test.clock.now() + std::time::Duration::from_millis(1));
            let (name, email) = (format!("user {number}"), email(number));
            let made =
                web::auth::create_user(&test.engine, &name, &email, PASSWORD, Role::User, Lang::En).await;
            made.unwrap()
        };
        firm.make_people(&mut dice, PEOPLE, user).await;
        firm.make_roles(&mut dice, &SPOKEN, &WITHHELD).await;
        make_records(&mut firm, &mut dice).await;
        firm.make_shares(&mut dice).await;
        let mut people = vec![];
        for (number, id) in firm.people.keys().copied().enumerate() {
            let mut browser = test.visitor();
            browser.sign_in(&email(number), PASSWORD).await;
            let token = web::tokens::create(&test.engine, id, "test", None).await.unwrap();
            let program = test.visitor().bearer(&token);
            people.push(Person { id, browser, program, kept_back: kept_back(&firm, id) });
        }
        Company { firm, people, admin }
    }

    pub fn of<'c>(&'c self, entity: &'c str) -> impl Iterator<Item = &'c Known> {
        self.firm.records.iter().filter(move |record| record.entity == entity)
    }

    pub fn ids(&self, person: &Person, entity: &str, action: Action) -> Ids {
        self.of(entity)
            .filter(|record| self.firm.may(person.id, record, action))
            .map(|record| record.id)
            .collect()
    }

    /// Which records of `entity` are named in a text by their ids.
    pub fn named(&self, entity: &str, text: &str) -> Ids {
        self.of(entity).map(|record| record.id).filter(|id| text.contains(&id.to_string())).collect()
    }

    pub fn keeps_back(&self, person: &Person, field: &'static str) -> bool {
        matches!(self.firm.withheld(person.id, "account", field), Some("hidden" | "masked"))
    }
}

fn kept_back(firm: &Firm, user: Id) -> Vec<String> {
    let mut words = vec![];
    for record in &firm.records {
        let seen = firm.may(user, record, Action::Read);
        if !seen {
            words.push(record.name.clone());
        }
        for field in SECRETS.into_iter().filter(|_| record.entity == "account") {
            if !seen || matches!(firm.withheld(user, "account", field), Some("hidden" | "masked")) {
                words.push(word(record, field));
            }
        }
    }
    words
}

async fn make_records(firm: &mut Firm, dice: &mut Dice) {
    let users: Vec<Id> = firm.people.keys().copied().collect();
    let teams: Vec<Id> = firm.teams.keys().copied().collect();
    for (number, city) in CITIES.into_iter().enumerate() {
        let known = Known {
            entity: "account",
            id: Id::nil(),
            name: format!("account{number:02}kx"),
            owner: dice.maybe(&users),
            team: if dice.below(3) == 0 { Some(dice.one(&teams)) } else { None },
            up: None,
            city,
            phone: format!("+86138001380{number:02}"),
            income: 7_000_415_900 + number as i64,
        };
        let own = [
            ("name", known.name.as_str().into()),
            ("kind", "person".into()),
            ("phone", known.phone.as_str().into()),
            ("income", Value::Int(known.income)),
            ("city", city.into()),
            ("team", id_or_null(known.team)),
        ];
        add(firm, known, &own).await;
    }
    let accounts: Vec<Id> = firm.records.iter().map(|record| record.id).collect();
    for number in 0..8 {
        for (entity, title, always) in [
            ("contact", "name", true),
            ("address", "street", true),
            ("activity", "subject", false),
            ("order", "number", false),
        ] {
            let owned = entity != "address";
            let known = Known {
                entity,
                id: Id::nil(),
                name: format!("{title}{number:02}kx"),
                owner: if owned { dice.maybe(&users) } else { None },
                team: if entity == "order" && dice.below(4) == 0 { Some(dice.one(&teams)) } else { None },
                up: if always { Some(dice.one(&accounts)) } else { dice.maybe(&accounts) },
                city: "",
                phone: String::new(),
                income: number,
            };
            let mut own = vec![(title, known.name.as_str().into()), ("account", id_or_null(known.up))];
            if entity == "order" {
                own.push(("team", id_or_null(known.team)));
            }
            let order = add(firm, known, &own).await;
            if order.entity == "order" {
                let line = Known {
                    entity: "order_line",
                    name: format!("line{number:02}kx"),
                    owner: None,
                    team: None,
                    up: Some(order.id),
                    ..order.clone()
                };
                let own = [
                    ("order", order.id.into()),
                    ("description", line.name.as_str().into()),
                    ("unit_price", Value::Int(price(&order))),
                    ("unit_cost", Value::Int(41)),
                ];
                add(firm, line, &own).await;
            }
        }
    }
}

async fn add(firm: &mut Firm, known: Known, own: &[(&'static str, Value)]) -> Known {
    let owner = ["address", "order_line"].iter().all(|entity| *entity != known.entity);
    let owner = owner.then(|| ("owner", id_or_null(known.owner)));
    let values = named(own.iter().cloned().chain(owner));
    let id = create(&firm.engine, known.entity, values).await;
    let known = Known { id, ..known };
    firm.records.push(known.clone());
    known
}
