//! The archive of a customer, in one format for companies and persons.

use super::classes;
use meta::{Entity, choice, date, email, integer, long_text, money, phone, reference, text, url};

pub fn entity() -> Entity {
    let about = |field: meta::Field| field.section("Profile", "档案");
    let place = |field: meta::Field| field.section("Location", "所在地");
    let company = |field: meta::Field| field.section("Company", "公司情况");
    let person = |field: meta::Field| field.section("Person", "个人情况").personal();
    let contract = |field: meta::Field| field.section("Contract", "合同");
    Entity::new("account")
        .labels("Customer", "Customers", "客户")
        .icon("building-store")
        .hint(
            "Companies and persons you deal with, also those who have not bought yet. Import your order history to fill the list.",
            "与您往来的公司和个人，包括还没有成交的。导入历史订单即可生成客户一览表。",
        )
        .field(text("name").label("Name", "名称").required().searched().indexed().personal())
        .field(
            choice("kind", &[("company", "Company", "公司", "blue"), ("person", "Person", "个人", "green")])
                .zh("类型")
                .required()
                .default_value("company")
                .indexed(),
        )
        .field(phone("phone").label("Phone", "电话").searched().indexed().personal())
        .field(email("email").label("E-mail", "邮箱").searched().indexed().personal())
        .field(url("website").zh("网站").personal())
        .field(crate::consent::preferred_channel())
        .field(reference("owner", "user").label("Owner", "负责人"))
        .field(reference("team", "team").zh("团队"))
        .field(reference("parent_account", "account").label("Belongs to", "上级客户"))
        .field(text("source").label("Source", "来源").help("Where the customer came from.", "客户从哪里来。").indexed())
        .currency()
        .fields(classes::fields())
        .field(place(text("country").zh("国家").indexed()))
        .field(place(text("province").label("Province", "省份").indexed()))
        .field(place(text("city").zh("城市").searched().indexed()))
        .field(place(text("postcode").zh("邮编").indexed().area()))
        .field(place(text("street").label("Street", "街道地址").personal()))
        .field(company(text("industry").zh("行业").indexed()))
        .field(company(
            integer("size_employees").label("Employees", "员工人数").indexed().bands(&[1, 10, 50, 250, 1_000]),
        ))
        .field(company(money("annual_revenue").label("Yearly revenue", "年营业额").indexed()))
        .field(person(
            choice("sex", &[("female", "Female", "女", "purple"), ("male", "Male", "男", "blue")]).label("Sex", "性别"),
        ))
        .field(person(date("birth_on").label("Born on", "出生日期").indexed()))
        .field(person(money("income").label("Yearly income", "年收入").indexed()))
        .field(person(text("occupation").zh("职业")))
        .field(contract(date("contract_start_on").label("Contract from", "合同开始").indexed().help(
            "First day of the contract (supply, service, subscription …) that is renewed until it is ended. Empty: no contract.",
            "供货、服务、订阅等可续合同的首日；没有合同则留空。",
        )))
        .field(contract(date("contract_end_on").label("Contract ended", "合同终止").indexed().help(
            "Last day of a contract that was ended. Empty as long as it is renewed.",
            "合同终止的最后一天；仍在续约则留空。",
        )))
        .field(about(text("hobbies").zh("爱好").personal()))
        .field(about(
            text("habits").help("How and when the customer likes to buy and to be reached.", "购买与联系的习惯。").zh("习惯").personal(),
        ))
        .field(about(
            choice("risk", &[("low", "Low", "低", "green"), ("medium", "Medium", "中", "yellow"), ("high", "High", "高", "red")])
                .help("The risk of not being paid.", "拖欠货款的风险。")
                .label("Risk", "信用风险")
                .indexed(),
        ))
        .field(about(long_text("description").zh("备注").personal()))
        .list(["name", "kind", "relation", "importance", "loyalty", "city", "phone", "owner"])
        .sort("name")
        .external_ids()
        .mergeable()
        .persons_when("kind", "person")
}
