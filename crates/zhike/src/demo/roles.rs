//! The made-up company's roles: reps who work on their branch's customers, managers of a branch, and customer service.

use super::{chance::Chance, company::Company};
use engine::{Action, Level, Withheld};
use meta::{DateTime, Id, Utc, Value};

const CUSTOMERS: [&str; 7] =
    ["account", "contact", "address", "activity", "consent", "alarm", "survey_answer"];
const DOCUMENTS: [&str; 2] = ["order", "return"];

/// Levels in the order of [`Action::ALL`]: create, read, update, delete, export, import, merge.
type Levels = [Level; 7];

struct Role {
    name: &'static str,
    description: &'static str,
    customers: Levels,
    documents: Levels,
    withheld: &'static [(&'static str, &'static str, Withheld)],
}

const NONE: Level = Level::None;
const OWN: Level = Level::Own;
const TEAM: Level = Level::Team;
const BELOW: Level = Level::TeamAndBelow;
const ALL: Level = Level::All;

/// What a rep need not know: what things cost, and so what is earned with them.
const COSTS: [(&str, &str, Withheld); 17] = [
    ("product", "cost", Withheld::Hidden),
    ("order", "cost", Withheld::Hidden),
    ("order", "margin", Withheld::Hidden),
    ("order", "margin_base", Withheld::Hidden),
    ("order_line", "unit_cost", Withheld::Hidden),
    ("order_line", "cost", Withheld::Hidden),
    ("return", "cost", Withheld::Hidden),
    ("return", "margin", Withheld::Hidden),
    ("return", "margin_base", Withheld::Hidden),
    ("account", "margin", Withheld::Hidden),
    ("account", "contribution", Withheld::Hidden),
    ("account", "cost_to_serve", Withheld::Hidden),
    ("account", "net_profit", Withheld::Hidden),
    ("account", "net_profit_share", Withheld::Hidden),
    ("account", "earned_52w", Withheld::Hidden),
    ("account", "loss_cause", Withheld::Hidden),
    ("account", "risk", Withheld::ReadOnly),
];

/// Whoever only answers the telephone needs to recognise a number, not to have all of them.
const NUMBERS: [(&str, &str, Withheld); 7] = [
    ("account", "phone", Withheld::Masked),
    ("account", "email", Withheld::Masked),
    ("account", "annual_revenue", Withheld::Hidden),
    ("contact", "mobile", Withheld::Masked),
    ("contact", "phone", Withheld::Masked),
    ("contact", "email", Withheld::Masked),
    ("contact", "wechat", Withheld::Hidden),
];

const ROLES: [Role; 3] = [
    Role {
        name: "业务员 Sales representative",
        description: "看本团队的客户，改自己的客户；看不到成本和毛利。 Sees the team's customers, changes his own; no costs, no margins.",
        customers: [OWN, TEAM, OWN, OWN, NONE, NONE, NONE],
        documents: [OWN, TEAM, OWN, NONE, NONE, NONE, NONE],
        withheld: &COSTS,
    },
    Role {
        name: "分公司经理 Branch manager",
        description: "管理本分公司及下级团队的全部数据。 Everything of the branch and the teams below it.",
        customers: [BELOW; 7],
        documents: [BELOW; 7],
        withheld: &[],
    },
    Role {
        name: "客服 Customer service",
        description: "可查看所有客户，联系方式脱敏；处理退货。 Sees every customer with masked numbers; handles returns.",
        customers: [OWN, ALL, OWN, NONE, NONE, NONE, NONE],
        documents: [OWN, ALL, OWN, NONE, NONE, NONE, NONE],
        withheld: &NUMBERS,
    },
];

/// `holders`: users by the place of their role in [`ROLES`].
pub fn add(company: &mut Company, chance: &mut Chance, holders: &[(usize, Id)], at: DateTime<Utc>) {
    for (place, role) in ROLES.iter().enumerate() {
        let id = chance.id(at);
        let fields = [("name", role.name.into()), ("description", role.description.into())];
        company.add("role", at, id, fields);
        let said = CUSTOMERS.map(|entity| (entity, role.customers));
        for (entity, levels) in said.into_iter().chain(DOCUMENTS.map(|entity| (entity, role.documents))) {
            let mut row: [(&str, Value); 9] = std::array::from_fn(|_| ("role", Value::Id(id)));
            row[1] = ("entity", entity.into());
            for ((action, level), cell) in Action::ALL.into_iter().zip(levels).zip(&mut row[2..]) {
                *cell = (action.name(), level.name().into());
            }
            company.add("role_right", at, chance.id(at), row);
        }
        for (entity, field, level) in role.withheld {
            let row = [
                ("role", Value::Id(id)),
                ("entity", (*entity).into()),
                ("field", (*field).into()),
                ("level", level.name().into()),
            ];
            company.add("field_right", at, chance.id(at), row);
        }
        for (_, user) in holders.iter().filter(|(held, _)| *held == place) {
            let line = [("user", Value::Id(*user)), ("role", Value::Id(id))];
            company.add("user_role", at, chance.id(at), line);
        }
    }
}
