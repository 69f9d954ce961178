//! The made-up company's own people: teams and users.

use super::{chance::Chance, company::Company, roles, segment::Segment};
use meta::{DateTime, Id, Utc};

pub const ADMINISTRATOR: &str = "demo@zhike.example";
pub const USER: &str = "sales@zhike.example";

/// Reps of the two branches, who see nothing of each other's customers.
pub const REPS: [&str; 2] = ["tang@zhike.example", "luo@zhike.example"];

const TEAMS: [(&str, &str); 7] = [
    ("总部 Head office", ""),
    ("青岛分公司 Qingdao branch", "总部 Head office"),
    ("上海分公司 Shanghai branch", "总部 Head office"),
    ("国际贸易部 Export", "青岛分公司 Qingdao branch"),
    ("国内销售部 Domestic sales", "青岛分公司 Qingdao branch"),
    ("家电事业部 Appliances", "上海分公司 Shanghai branch"),
    ("客户服务部 Customer service", "总部 Head office"),
];

/// The places of roles in `roles`.
const REP: Option<usize> = Some(0);
const MANAGER: Option<usize> = Some(1);
const SERVICE: Option<usize> = Some(2);

/// Name, e-mail, role in the program, language, team, role in the company.
type User = (&'static str, &'static str, &'static str, &'static str, usize, Option<usize>);

const USERS: [User; 9] = [
    ("林海 Demo", ADMINISTRATOR, "administrator", "zh-CN", 0, None),
    ("周晓燕", USER, "user", "zh-CN", 4, None),
    ("Helen Marsh", "helen@zhike.example", "user", "en", 3, REP),
    ("许志明", "xu@zhike.example", "user", "zh-CN", 3, REP),
    ("高建国", "gao@zhike.example", "user", "zh-CN", 1, MANAGER),
    ("唐婷", REPS[0], "user", "zh-CN", 4, REP),
    ("罗勇", REPS[1], "user", "zh-CN", 5, REP),
    ("韩静", "han@zhike.example", "user", "zh-CN", 2, MANAGER),
    ("潘丽", "pan@zhike.example", "user", "zh-CN", 6, SERVICE),
];

pub struct People {
    teams: Vec<Id>,
    users: Vec<Id>,
}

impl People {
    /// The team of a kind of customer and one of its members.
    pub fn responsible(&self, segment: Segment, chance: &mut Chance) -> (Id, Id) {
        let team = match segment {
            Segment::Export => 3,
            Segment::Wholesale | Segment::Hotel => 4,
            Segment::Dealer | Segment::Consumer => 5,
        };
        let members: Vec<usize> = (0..USERS.len()).filter(|user| USERS[*user].4 == team).collect();
        (self.teams[team], self.users[chance.pick(&members)])
    }
    pub fn care(&self) -> Id {
        self.users[USERS.len() - 1]
    }
    /// [`ADMINISTRATOR`], [`USER`], then whoever has a role.
    pub fn sign_ins(&self) -> Vec<Id> {
        self.users.clone()
    }
}

pub fn add(company: &mut Company, seed: u64, at: DateTime<Utc>) -> People {
    let mut chance = Chance::new(seed, 3);
    let mut people = People { teams: vec![], users: vec![] };
    for (name, above) in TEAMS {
        let id = chance.id(at);
        let parent = TEAMS
            .iter()
            .position(|(team, _)| *team == above)
            .and_then(|above| people.teams.get(above))
            .copied();
        company.add("team", at, id, [("name", name.into()), ("parent_team", parent.into())]);
        people.teams.push(id);
    }
    let mut holders = vec![];
    for (name, email, role, language, team, held) in USERS {
        let id = chance.id(at);
        let fields = [
            ("name", name.into()),
            ("email", email.into()),
            ("role", role.into()),
            ("language", language.into()),
            ("team", people.teams[team].into()),
        ];
        company.add("user", at, id, fields);
        people.users.push(id);
        holders.extend(held.map(|held| (held, id)));
    }
    roles::add(company, &mut chance, &holders, at);
    people
}
