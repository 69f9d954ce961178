//! Made-up customers with their people and places, each with a behaviour of his own.

use super::{
    activities,
    chance::Chance,
    company::{Company, Plan, money},
    contracts, experiment, names, orders,
    places::{CHINESE, FOREIGN, FOREIGN_STREETS, STREETS},
    segment::{Behaviour, SEGMENTS, Segment},
    survey,
};
use chrono::Duration;
use meta::{DateTime, Id, Utc, Value};

/// Of a hundred customers so many have never bought.
const PROSPECTS: f64 = 0.08;

pub struct Customer {
    pub id: Id,
    pub segment: Segment,
    pub foreign: bool,
    pub currency: &'static str,
    pub since: DateTime<Utc>,
    pub owner: Id,
    pub team: Id,
    pub contacts: Vec<Id>,
    pub address: Option<Id>,
}

struct Place {
    country: &'static str,
    province: Option<&'static str>,
    city: &'static str,
    postcode: Option<String>,
    street: String,
    currency: &'static str,
}

pub fn add(company: &mut Company, plan: &Plan) {
    let mut heads: Vec<(Segment, Id, DateTime<Utc>)> = vec![];
    let mut stream = 1_000;
    for (segment, number) in SEGMENTS {
        for _ in 0..number {
            stream += 1;
            let mut chance = Chance::new(plan.seed, stream);
            let since = since(plan, &mut chance);
            let head =
                heads.iter().find(|(of, _, from)| *of == segment && *from < since).map(|(_, id, _)| *id);
            let branch_of = head.filter(|_| segment == Segment::Wholesale && chance.happens(0.12));
            let customer = add_customer(company, plan, segment, since, branch_of, stream, &mut chance);
            if heads.iter().filter(|(of, _, _)| *of == segment).count() < 4 {
                heads.insert(0, (segment, customer.id, since));
            }
            let behaviour = (!chance.happens(PROSPECTS)).then(|| Behaviour::draw(segment, &mut chance));
            let purchases = match &behaviour {
                Some(behaviour) => orders::add(company, plan, &customer, behaviour, &mut chance),
                None => vec![],
            };
            activities::add(company, plan, &customer, &purchases, &mut chance);
            survey::add(company, plan, &customer, &purchases, stream);
            contracts::add(company, plan, &customer, &purchases, stream);
            experiment::reach(company, plan, &customer, behaviour.as_ref(), stream);
        }
    }
}

/// A third were customers before; the others came little by little.
fn since(plan: &Plan, chance: &mut Chance) -> DateTime<Utc> {
    let days = (plan.to - plan.from).num_days() as f64;
    let day = if chance.happens(0.35) { chance.between(0.0, 60.0) } else { chance.between(30.0, days - 5.0) };
    plan.from + Duration::minutes((day * 1_440.0) as i64)
}

fn place(segment: Segment, chance: &mut Chance) -> Place {
    let number = 1 + chance.below(280);
    if segment == Segment::Export {
        let (country, city, currency) = chance.weighted(&FOREIGN);
        let street = format!("{number} {}", chance.pick(&FOREIGN_STREETS));
        return Place { country, province: None, city, postcode: None, street, currency };
    }
    let (city, province, postcode) = chance.weighted(&CHINESE);
    Place {
        country: "中国",
        province: Some(province),
        city,
        postcode: Some(format!("{postcode:04}{:02}", chance.below(40))),
        street: format!("{}{number}号", chance.pick(&STREETS)),
        currency: "CNY",
    }
}

fn company_name(segment: Segment, city: &str, chance: &mut Chance) -> String {
    let chinese = |kinds: &[&str], chance: &mut Chance| {
        format!("{city}{}{}", names::chinese_brand(chance), chance.pick(kinds))
    };
    match segment {
        Segment::Export => {
            let kinds = ["Produce Ltd", "Fruit Import", "Fresh Trading", "Foods", "Markets", "Provisions"];
            format!("{} {city} {}", names::english_brand(chance), chance.pick(&kinds))
        }
        Segment::Wholesale => {
            chinese(&["果品批发", "果蔬贸易有限公司", "生鲜超市", "农产品有限公司", "商贸有限公司"], chance)
        }
        Segment::Dealer => chinese(&["电器有限公司", "家电商场", "电器专卖店", "家电批发部"], chance),
        Segment::Hotel | Segment::Consumer => {
            chinese(&["大酒店", "餐饮管理有限公司", "宾馆", "食堂服务有限公司"], chance)
        }
    }
}

fn relation(segment: Segment) -> &'static str {
    match segment {
        Segment::Dealer => "dealer",
        Segment::Consumer => "consumer",
        _ => "business",
    }
}

fn source(segment: Segment, chance: &mut Chance) -> &'static str {
    const EXPORT: [&str; 4] = ["Trade fair", "Referral", "Website", "Partner"];
    const HOME: [&str; 6] = ["展会", "老客户介绍", "电话", "网站", "门店", "广告"];
    chance.pick(if segment == Segment::Export { &EXPORT[..] } else { &HOME[..] })
}

fn add_customer(
    company: &mut Company,
    plan: &Plan,
    segment: Segment,
    since: DateTime<Utc>,
    branch_of: Option<Id>,
    stream: u64,
    chance: &mut Chance,
) -> Customer {
    let place = place(segment, chance);
    let id = chance.id(since);
    let person = (segment == Segment::Consumer).then(|| names::chinese_person(chance));
    let name = match &person {
        Some(person) => person.name.clone(),
        None => company_name(segment, place.city, chance),
    };
    let (team, owner) = plan.people.responsible(segment, chance);
    let domain = format!("c{stream}.example");
    let fields = [
        ("name", name.as_str().into()),
        ("kind", if segment == Segment::Consumer { "person" } else { "company" }.into()),
        ("relation", relation(segment).into()),
        ("phone", names::phone(chance, place.country).into()),
        ("email", format!("info@{domain}").into()),
        ("website", (segment != Segment::Consumer).then(|| format!("https://{domain}")).into()),
        ("owner", owner.into()),
        ("team", team.into()),
        ("parent_account", branch_of.into()),
        ("source", source(segment, chance).into()),
        ("currency", place.currency.into()),
        ("country", place.country.into()),
        ("province", place.province.into()),
        ("city", place.city.into()),
        ("postcode", place.postcode.clone().into()),
        ("street", place.street.as_str().into()),
        ("risk", (chance.weighted(&[("low", 7.0), ("medium", 2.5), ("high", 0.6)])).into()),
        ("value_behaviour_override", value_behaviour(chance)),
    ];
    company.add("account", since, id, fields);
    company.number("account", since, format!("C{:05}", 10_000 + stream), id);
    let mut customer = Customer {
        id,
        segment,
        foreign: segment == Segment::Export,
        currency: place.currency,
        since,
        owner,
        team,
        contacts: vec![],
        address: None,
    };
    let more = match &person {
        Some(person) => person_facts(person, since, chance),
        None => company_facts(segment, chance),
    };
    if let Some(record) = company.records.get_mut("account").and_then(|accounts| accounts.last_mut()) {
        record.values.extend(more.into_iter().map(|(field, value)| (field.to_owned(), value)));
    }
    if segment != Segment::Consumer {
        add_contacts(company, &mut customer, &place, &domain, chance);
    }
    add_address(company, &mut customer, &place, chance);
    customer
}

fn value_behaviour(chance: &mut Chance) -> Value {
    const KINDS: [(&str, f64); 4] =
        [("lighthouse", 1.0), ("follower", 3.0), ("rational", 3.0), ("profit_seeking", 2.0)];
    if chance.happens(0.3) { (chance.weighted(&KINDS)).into() } else { Value::Null }
}

fn company_facts(segment: Segment, chance: &mut Chance) -> Vec<(&'static str, Value)> {
    let industry = match segment {
        Segment::Export => "Food import",
        Segment::Wholesale => "果蔬批发零售",
        Segment::Dealer => "家电零售",
        _ => "餐饮住宿",
    };
    let employees = chance.log_normal(40.0, 1.1).round().max(2.0);
    vec![
        ("industry", industry.into()),
        ("size_employees", Value::Int(employees as i64)),
        (
            "annual_revenue",
            money((employees * chance.log_normal(600_000.0, 0.4) / 10_000.0).round() * 10_000.0),
        ),
    ]
}

fn person_facts(
    person: &names::Person,
    since: DateTime<Utc>,
    chance: &mut Chance,
) -> Vec<(&'static str, Value)> {
    const WORK: [&str; 8] = ["教师", "医生", "工程师", "会计", "个体经营者", "公务员", "退休", "自由职业"];
    const LIKES: [&str; 8] = ["烹饪", "摄影", "音乐", "旅行", "园艺", "钓鱼", "读书", "看电影"];
    const HABITS: [&str; 5] =
        ["节日前购买礼盒", "喜欢等促销", "常在周末到店", "偏好网上下单", "重视售后服务"];
    let born = since.date_naive() - Duration::days((chance.between(22.0, 70.0) * 365.25) as i64);
    let optional = |value: &str, wanted: bool| if wanted { value.into() } else { Value::Null };
    let facts = [
        ("sex", if person.female { "female" } else { "male" }.into()),
        ("birth_on", born.into()),
        ("income", money((chance.log_normal(110_000.0, 0.5) / 1_000.0).round() * 1_000.0)),
        ("occupation", (chance.pick(&WORK)).into()),
        ("hobbies", optional(chance.pick(&LIKES), true)),
        ("habits", optional(chance.pick(&HABITS), chance.happens(0.6))),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_null()).collect()
}

fn add_contacts(
    company: &mut Company,
    customer: &mut Customer,
    place: &Place,
    domain: &str,
    chance: &mut Chance,
) {
    const HOME: [(&str, &str, &str); 4] = [
        ("总经理", "decision_maker", "办公室"),
        ("采购经理", "buyer", "采购部"),
        ("财务主管", "finance", "财务部"),
        ("店长", "user", "门店"),
    ];
    const ABROAD: [(&str, &str, &str); 4] = [
        ("Managing director", "decision_maker", "Management"),
        ("Head of purchasing", "buyer", "Purchasing"),
        ("Accountant", "finance", "Accounts"),
        ("Quality inspector", "influencer", "Quality"),
    ];
    let parts = if customer.foreign { ABROAD } else { HOME };
    let number = 1 + chance.below(3);
    for (index, (title, role, department)) in parts.into_iter().enumerate().take(number) {
        let person =
            if customer.foreign { names::english_person(chance) } else { names::chinese_person(chance) };
        let id = chance.id(customer.since);
        let fields = [
            ("name", person.name.into()),
            ("account", customer.id.into()),
            ("job_title", title.into()),
            ("department", department.into()),
            ("role", role.into()),
            ("main", (index == 0).into()),
            ("mobile", names::phone(chance, place.country).into()),
            ("email", format!("p{index}@{domain}").into()),
            ("reports_to", customer.contacts.first().copied().into()),
            ("owner", customer.owner.into()),
        ];
        company.add("contact", customer.since, id, fields);
        customer.contacts.push(id);
    }
}

fn add_address(company: &mut Company, customer: &mut Customer, place: &Place, chance: &mut Chance) {
    let id = chance.id(customer.since);
    let kind = if customer.segment == Segment::Consumer { "home" } else { "shipping" };
    let fields = [
        ("street", place.street.as_str().into()),
        ("account", customer.id.into()),
        ("kind", kind.into()),
        ("main", true.into()),
        ("country", place.country.into()),
        ("province", place.province.into()),
        ("city", place.city.into()),
        ("postcode", place.postcode.clone().into()),
    ];
    company.add("address", customer.since, id, fields);
    customer.address = Some(id);
}
