//! Customers: the uniform archive of companies and persons, the people and places that belong to them, and every contact
//! with them on one timeline.

pub mod account;
pub mod activity;
pub mod address;
pub mod consent;
pub mod contact;

pub use consent::web_module;
use engine::Module;

pub fn module() -> Module {
    Module::new("customers")
        .labels("Customers", "客户")
        .entity(account::entity())
        .entity(contact::entity())
        .entity(address::entity())
        .entity(activity::entity())
        .entity(consent::entity())
        .before_save("account", account::rules::check)
        .before_save("activity", activity::rules::complete)
        .before_commit("account", account::rules::no_circles)
        .before_save("consent", consent::rules::check)
        .before_commit("activity", activity::rules::account_of_contact)
}
