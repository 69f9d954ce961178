//! A company at random: people with roles, records that follow others, shares.

use super::{
    model::{Firm, Known},
    staff::{Dice, create, id_or_null},
};
use crate::shop::{self, Shop};
use engine::Module;
use meta::{Entity, Id, Value, instant, integer, phone, reference, text};

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

pub const CITIES: [&str; 3] = ["北京", "上海", "Qingdao"];
const SPOKEN: [&str; 2] = ["client", "deal"];
const WITHHELD: [(&str, &str); 4] =
    [("client", "phone"), ("client", "income"), ("client", "city"), ("deal_line", "cost")];

impl Firm {
    pub async fn at_random(shop: &Shop, seed: u64) -> Firm {
        let folder = shop.folder.join("firm");
        let engine = shop::reopen(&shop.database, &folder, vec![shop::module(), module()]).await.unwrap();
        let mut firm = Firm::new(engine.clone(), ("deal_line", "deal"), "price");
        let mut dice = Dice::new(seed);
        let user = async |number: usize| {
            let values = shop::values([
                ("name", format!("user {number}").into()),
                ("email", format!("u{number}@example.com").into()),
            ]);
            create(&engine, "user", values).await
        };
        firm.make_people(&mut dice, 7, user).await;
        firm.make_roles(&mut dice, &SPOKEN, &WITHHELD).await;
        firm.make_records(&mut dice).await;
        firm.make_shares(&mut dice).await;
        firm
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
}
