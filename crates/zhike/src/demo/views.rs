//! Views everybody of the demo company finds in the lists.

use super::{chance::Chance, company::Company};
use meta::{DateTime, Id, Utc};

/// Name, list, filter, order.
const VIEWS: [(&str, &str, &str, &str); 5] = [
    ("VIP 与主要客户 VIP and key customers", "account", "importance in ['vip', 'key']", "name"),
    ("海外客户 Customers abroad", "account", "country != '中国'", "name"),
    ("待发货订单 Orders to ship", "order", "status == 'confirmed'", "-ordered_at"),
    ("质量退货 Returns for quality", "return", "reason == 'quality'", "-returned_at"),
    ("待办任务 Open tasks", "activity", "done == false", "due_at"),
];

pub fn add(company: &mut Company, seed: u64, owner: Id, at: DateTime<Utc>) {
    let mut chance = Chance::new(seed, 4);
    for (name, entity, filter, sort) in VIEWS {
        let fields = [
            ("name", name.into()),
            ("entity", entity.into()),
            ("filter", filter.into()),
            ("sort", sort.into()),
            ("shared", true.into()),
            ("owner", owner.into()),
        ];
        company.add("saved_view", at, chance.id(at), fields);
    }
}
