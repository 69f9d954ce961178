//! Sales: what is sold, to whom, what came back, and what remains of it. Totals are kept by rules, whoever writes the lines:
//! a page, the API or an import.
//!
//! **What counts as a purchase**: orders that are confirmed, shipped or completed ([`order::COUNTS`]). Drafts and cancelled orders
//! do not. A return counts against sales once the goods are back or paid back ([`returns::COUNTS`]).

pub mod money;
pub mod order;
pub mod order_line;
pub mod product;
pub mod product_category;
pub mod return_line;
pub mod returns;

use engine::Module;

pub fn module() -> Module {
    Module::new("sales")
        .labels("Sales", "销售")
        .entity(order::entity())
        .entity(order_line::entity())
        .entity(returns::entity())
        .entity(return_line::entity())
        .entity(product::entity())
        .entity(product_category::entity())
        .defaults("order_line", order_line::rules::defaults)
        .before_save("order", order::rules::check)
        .before_save("order_line", order_line::rules::check)
        .before_save("return", returns::rules::check)
        .before_save("return_line", return_line::rules::check)
        .before_save("product", product::rules::check)
        .before_commit("order_line", order_line::rules::totals)
        .before_commit("order", order::rules::totals)
        .before_commit("return", returns::rules::totals)
        .before_commit("return_line", return_line::rules::totals)
        .before_commit("exchange_rate", money::correction::rates_changed)
        .job(money::correction::JOB, money::correction::run)
        .before_setting("company.currency", order::rules::keep_currency)
        .check(money::agreement::check)
}
