//! Customers and the people there: most of them Chinese companies, a few large ones far above the rest.

use super::{
    cell::Cell,
    chance::{Chance, Weights},
    company::Company,
    loader::{Head, Layout, Loader},
    names::Names,
    rates::HOME,
    words::{CITIES, DEPARTMENTS, FOREIGN, FOREIGN_STREETS, JOBS, OCCUPATIONS, SOURCES, STREETS},
};
use chrono::{Days, Duration, NaiveDate};
use engine::Registry;
use meta::{DateTime, Id, Utc};

const FOREIGN_SHARE: f64 = 0.12;
const PERSON_SHARE: f64 = 0.4;
/// Customers who have not bought and will not.
const PROSPECT_SHARE: f64 = 0.2;
/// Shape of how much more the large buy than the small: about a fifth of them make four fifths of the orders.
const ORDERS_SHAPE: f64 = 1.16;
const ORDERS_LARGEST: f64 = 3_000.0;
const LIFE_DAYS: f64 = 1_200.0;

const COLUMNS: [&str; 24] = [
    "name",
    "kind",
    "phone",
    "email",
    "website",
    "owner",
    "team",
    "source",
    "currency",
    "relation",
    "country",
    "province",
    "city",
    "postcode",
    "street",
    "industry",
    "size_employees",
    "annual_revenue",
    "sex",
    "birth_on",
    "occupation",
    "hobbies",
    "risk",
    "description",
];
const CONTACT_COLUMNS: [&str; 11] = [
    "name",
    "account",
    "job_title",
    "department",
    "role",
    "main",
    "mobile",
    "email",
    "wechat",
    "owner",
    "description",
];

pub struct Customer {
    pub id: Id,
    pub since: DateTime<Utc>,
    /// Buys nothing after this.
    pub lost_at: DateTime<Utc>,
    pub owner: Id,
    pub currency: &'static str,
    /// Positions in [`Customers::contacts`].
    pub contacts: std::ops::Range<usize>,
}

pub struct Customers {
    pub all: Vec<Customer>,
    pub contacts: Vec<Id>,
    /// How often each buys.
    weights: Weights,
}

impl Customers {
    /// Somebody who was a customer at that moment.
    pub fn buyer(&self, at: DateTime<Utc>, chance: &mut Chance) -> &Customer {
        const TRIES: usize = 6;
        let known = self.all.partition_point(|customer| customer.since <= at).max(1);
        let mut found = &self.all[self.weights.draw_below(known, chance)];
        for _ in 0..TRIES {
            if at <= found.lost_at {
                break;
            }
            found = &self.all[self.weights.draw_below(known, chance)];
        }
        found
    }

    /// One of the people there.
    pub fn contact_of(&self, customer: &Customer, chance: &mut Chance) -> Option<Id> {
        let people = &self.contacts[customer.contacts.clone()];
        (!people.is_empty()).then(|| chance.pick(people))
    }
}

struct Place {
    country: &'static str,
    province: Option<&'static str>,
    city: &'static str,
    postcode: String,
    street: String,
    currency: &'static str,
    phone: String,
}

pub fn load(loader: &mut Loader, registry: &Registry, company: &Company) -> anyhow::Result<Customers> {
    let mut chance = Chance::new(Company::seed(), 4);
    let account = loader.layout(registry.entity("account")?, &COLUMNS)?;
    let contact = loader.layout(registry.entity("contact")?, &CONTACT_COLUMNS)?;
    let mut customers = Customers { all: vec![], contacts: vec![], weights: Weights::default() };
    let (names, cities) = (Names::new(), Weights::zipf(CITIES.len(), 0.9));
    for number in 0..company.size.accounts {
        let done = (number as f64 + chance.unit()) / company.size.accounts as f64;
        let since = Company::moment(company.founded, company.until, done, 1.0);
        let head = Head { id: chance.id(since), at: since, by: Some(chance.pick(&company.users)) };
        let place =
            if chance.happens(FOREIGN_SHARE) { abroad(&mut chance) } else { at_home(&cities, &mut chance) };
        let person = chance.happens(PERSON_SHARE);
        add(
            loader,
            &account,
            head,
            &Who { number, person, place: &place, names: &names },
            company,
            &mut chance,
        )?;
        let first = customers.contacts.len();
        for position in 0..people_at(person, &mut chance) {
            let id =
                add_contact(loader, &contact, head, position, place.province.is_none(), &names, &mut chance)?;
            customers.contacts.push(id);
        }
        let weight =
            if chance.happens(PROSPECT_SHARE) { 0.0 } else { chance.pareto(ORDERS_SHAPE, ORDERS_LARGEST) };
        // The first one has weight, so that somebody can always be drawn.
        customers.weights.push(if number == 0 { 1.0 } else { weight });
        customers.all.push(Customer {
            id: head.id,
            since,
            lost_at: since + Duration::days(30 + chance.exponential(LIFE_DAYS) as i64),
            owner: head.by.unwrap_or(head.id),
            currency: place.currency,
            contacts: first..customers.contacts.len(),
        });
    }
    Ok(customers)
}

struct Who<'a> {
    number: usize,
    person: bool,
    place: &'a Place,
    names: &'a Names,
}

fn add(
    loader: &mut Loader,
    layout: &Layout,
    head: Head,
    who: &Who<'_>,
    company: &Company,
    chance: &mut Chance,
) -> anyhow::Result<()> {
    let Who { number, person, place, names } = who;
    let foreign = place.province.is_none();
    let (name, industry) = match (person, foreign) {
        (true, true) => (names.latin_person(chance), ""),
        (true, false) => (names.chinese_person(chance), ""),
        (false, true) => names.latin_company(chance),
        (false, false) => names.chinese_company(place.city, chance),
    };
    let email = format!("k{number}@{}.example", if *person { "mail" } else { "firma" });
    let website = format!("https://www.k{number}.example");
    let company_only = |cell: Cell<'static>| if *person { Cell::Null } else { cell };
    let person_only = |cell: Cell<'static>| if *person { cell } else { Cell::Null };
    let maybe = |share: f64, cell: Cell<'static>, chance: &mut Chance| {
        if chance.happens(share) { cell } else { Cell::Null }
    };
    let employees = chance.pareto(0.9, 20_000.0) as i64 * 3;
    let revenue = employees * (200_000 + 100_000 * chance.below(20) as i64) * 10_000;
    let birth =
        NaiveDate::from_ymd_opt(1950, 1, 1).unwrap_or_default() + Days::new(chance.below(20_000) as u64);
    let relation = match (person, chance.unit()) {
        (true, _) => "consumer",
        (false, u) if u < 0.7 => "business",
        (false, u) if u < 0.92 => "dealer",
        (false, u) if u < 0.97 => "partner",
        _ => "supplier",
    };
    let risk = [Cell::Text("low"), "low".into(), "medium".into(), "high".into()];
    let cells = [
        (&name).into(),
        if *person { "person" } else { "company" }.into(),
        (&place.phone).into(),
        (&email).into(),
        if *person { Cell::Null } else { (&website).into() },
        head.by.into(),
        chance.pick(&company.teams).into(),
        chance.pick(&SOURCES).into(),
        place.currency.into(),
        relation.into(),
        place.country.into(),
        place.province.into(),
        place.city.into(),
        (&place.postcode).into(),
        (&place.street).into(),
        company_only(industry.into()),
        company_only(employees.into()),
        company_only(maybe(0.6, revenue.into(), chance)),
        person_only(if chance.happens(0.5) { "female" } else { "male" }.into()),
        person_only(maybe(0.7, birth.into(), chance)),
        person_only(maybe(0.5, chance.pick(&OCCUPATIONS).into(), chance)),
        maybe(0.1, "钓鱼、摄影".into(), chance),
        maybe(0.4, chance.pick(&risk), chance),
        maybe(0.1, "重点维护，节前提前备货。".into(), chance),
    ];
    loader.add(layout, head, &cells)
}

fn people_at(person: bool, chance: &mut Chance) -> usize {
    let u = chance.unit();
    if person {
        return usize::from(u < 0.375);
    }
    // 2.25 on average.
    1 + [0.30, 0.65, 0.85, 0.95].iter().filter(|limit| u >= **limit).count()
}

fn add_contact(
    loader: &mut Loader,
    layout: &Layout,
    account: Head,
    position: usize,
    foreign: bool,
    names: &Names,
    chance: &mut Chance,
) -> anyhow::Result<Id> {
    let at = account.at + Duration::minutes(position as i64);
    let head = Head { id: chance.id(at), at, by: account.by };
    let name = if foreign { names.latin_person(chance) } else { names.chinese_person(chance) };
    let digits = chance.below(1_000_000_000);
    let mobile = if foreign { format!("+4915{digits:09}") } else { format!("+8619{digits:09}") };
    let (email, wechat) = (format!("p{digits}@mail.example"), format!("wx_{digits}"));
    let roles = ["decision_maker", "influencer", "buyer", "buyer", "user", "finance"];
    let cells = [
        (&name).into(),
        account.id.into(),
        chance.pick(&JOBS).into(),
        chance.pick(&DEPARTMENTS).into(),
        chance.pick(&roles).into(),
        (position == 0).into(),
        (&mobile).into(),
        if chance.happens(0.7) { (&email).into() } else { Cell::Null },
        if foreign || chance.happens(0.5) { Cell::Null } else { (&wechat).into() },
        account.by.into(),
        Cell::Null,
    ];
    loader.add(layout, head, &cells)?;
    Ok(head.id)
}

fn at_home(cities: &Weights, chance: &mut Chance) -> Place {
    let (city, province, post) = CITIES[cities.draw(chance)];
    Place {
        country: "中国",
        province: Some(province),
        city,
        postcode: format!("{post}{:02}", chance.below(100)),
        street: format!("{}{}号", chance.pick(&STREETS), 1 + chance.below(400)),
        currency: HOME,
        phone: format!("+8619{:09}", chance.below(1_000_000_000)),
    }
}

fn abroad(chance: &mut Chance) -> Place {
    let (country, cities, currency, prefix) = chance.pick(&FOREIGN);
    Place {
        country,
        province: None,
        city: chance.pick(cities),
        postcode: format!("{:05}", chance.below(100_000)),
        street: format!("{} {}", 1 + chance.below(300), chance.pick(&FOREIGN_STREETS)),
        currency,
        phone: format!("{prefix}{:05}", chance.below(100_000)),
    }
}
