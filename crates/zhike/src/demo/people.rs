//! The made-up company's own people: teams and users.

use super::{chance::Chance, company::Company, segment::Segment};
use meta::{DateTime, Id, Utc};

pub const ADMINISTRATOR: &str = "demo@zhike.example";
pub const USER: &str = "sales@zhike.example";

const TEAMS: [(&str, &str); 5] = [
    ("总部 Head office", ""),
    ("国际贸易部 Export", "总部 Head office"),
    ("国内销售部 Domestic sales", "总部 Head office"),
    ("家电事业部 Appliances", "总部 Head office"),
    ("客户服务部 Customer service", "总部 Head office"),
];

/// Name, e-mail, role, language, team.
const USERS: [(&str, &str, &str, &str, usize); 9] = [
    ("林海 Demo", ADMINISTRATOR, "administrator", "zh-CN", 0),
    ("周晓燕", USER, "user", "zh-CN", 2),
    ("Helen Marsh", "helen@zhike.example", "user", "en", 1),
    ("许志明", "xu@zhike.example", "user", "zh-CN", 1),
    ("高建国", "gao@zhike.example", "user", "zh-CN", 2),
    ("唐婷", "tang@zhike.example", "user", "zh-CN", 2),
    ("罗勇", "luo@zhike.example", "user", "zh-CN", 3),
    ("韩静", "han@zhike.example", "user", "zh-CN", 3),
    ("潘丽", "pan@zhike.example", "user", "zh-CN", 4),
];

pub struct People {
    teams: Vec<Id>,
    users: Vec<Id>,
}

impl People {
    /// The team of a kind of customer and one of its members.
    pub fn responsible(&self, segment: Segment, chance: &mut Chance) -> (Id, Id) {
        let team = match segment {
            Segment::Export => 1,
            Segment::Wholesale | Segment::Hotel => 2,
            Segment::Dealer | Segment::Consumer => 3,
        };
        let members: Vec<usize> = (0..USERS.len()).filter(|user| USERS[*user].4 == team).collect();
        (self.teams[team], self.users[chance.pick(&members)])
    }
    pub fn care(&self) -> Id {
        self.users[USERS.len() - 1]
    }
    /// [`ADMINISTRATOR`] and [`USER`].
    pub fn sign_ins(&self) -> Vec<Id> {
        self.users.iter().take(2).copied().collect()
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
    for (name, email, role, language, team) in USERS {
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
    }
    people
}
