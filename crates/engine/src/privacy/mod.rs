//! What the law asks for people whose data is kept (PIPL, GDPR): an export of everything about one, and an erasure that also
//! reaches the change log and every copy. Both follow from the metadata: [`meta::Persons`] says which records are people,
//! [`meta::Field::personal`] what of a record is personal.
//!
//! [`reach`] finds the records about a person, [`words`] what to look for in copies, [`log`] takes it out of the change log,
//! [`copies`] out of everything else, [`erase`] does it all in one transaction ([`ahead`] looks for it before), [`scrub`] out of the database's free pages.

mod ahead;
pub mod consent;
mod copies;
mod entities;
mod erase;
mod export;
mod log;
mod reach;
mod replacement;
mod retention;
mod scrub;
mod words;

pub use copies::Found;
pub use erase::{Affected, Erasing, Erasure};
pub use export::PersonData;
pub use retention::{Due, Ending, RETENTION, Rule, Since};
pub use words::Words;

use crate::{Actor, Error, Module, Result};
use meta::label;

pub(crate) fn add(module: Module) -> Module {
    let module = entities::add(module);
    let module = scrub::add(module);
    retention::add(module)
}

/// The right to export and erase people's data, whatever fields and records roles withhold: administrators have it.
fn allow(actor: &Actor) -> Result<()> {
    if actor.is_administrator() {
        return Ok(());
    }
    Err(Error::Forbidden(label("personal data of a customer", "客户个人信息").get(actor.lang).to_owned()))
}
