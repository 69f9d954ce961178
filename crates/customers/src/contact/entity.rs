//! People at a customer and what they have to say there.

use meta::{Entity, boolean, choice, date, email, long_text, phone, reference, text};

pub fn entity() -> Entity {
    Entity::new("contact")
        .labels("Contact", "Contacts", "联系人")
        .icon("address-book")
        .hint("The people you talk to at a customer.", "客户那边与您打交道的人。")
        .field(text("name").zh("姓名").required().searched().indexed().personal())
        .field(reference("account", "account").label("Customer", "客户").required())
        .field(text("job_title").label("Job title", "职务").personal())
        .field(text("department").zh("部门").personal())
        .field(
            choice(
                "role",
                &[
                    ("decision_maker", "Decision maker", "决策人", "purple"),
                    ("influencer", "Influencer", "影响者", "blue"),
                    ("buyer", "Buyer", "采购", "green"),
                    ("user", "User", "使用者", "grey"),
                    ("finance", "Finance", "财务", "yellow"),
                ],
            )
            .label("Role in buying", "采购角色")
            .indexed(),
        )
        .field(reference("reports_to", "contact").label("Reports to", "汇报给"))
        .field(boolean("main").label("Main contact", "主要联系人").default_value(false))
        .field(phone("mobile").label("Mobile", "手机").searched().indexed().personal())
        .field(phone("phone").label("Phone", "电话").searched().indexed().personal())
        .field(email("email").label("E-mail", "邮箱").searched().indexed().personal())
        .field(text("wechat").label("WeChat", "微信").searched().personal())
        .field(crate::consent::preferred_channel())
        .field(date("birth_on").label("Born on", "出生日期").personal())
        .field(reference("owner", "user").label("Owner", "负责人"))
        .field(long_text("description").zh("备注").personal())
        .list(["name", "account", "job_title", "role", "mobile", "email", "main"])
        .sort("name")
        .follows("account")
        .external_ids()
        .mergeable()
        .persons()
        .index(["account", "name"])
}
