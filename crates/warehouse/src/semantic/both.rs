//! One question, answered by two.

use super::{AnswerTable, Question, ask::Ground, checked::Asked};
use crate::{
    Limits,
    elsewhere::{Elsewhere, by, here},
    query::{QUESTION, in_time},
};
use engine::{Actor, Engine, Result};
use std::sync::Arc;

/// The answer of this process and that from elsewhere, of the same version of the warehouse; nobody waits for it.
pub async fn ask_both(
    engine: &Engine,
    actor: &Actor,
    question: &Question,
    elsewhere: Arc<dyn Elsewhere>,
) -> Result<(AnswerTable, AnswerTable)> {
    let ground = Ground::of(engine, actor).await?;
    let limits = Limits { time: QUESTION, ..Limits::PAGE };
    let asked = Asked { limits, ..ground.asked(engine, actor, question)? };
    let own = here(in_time(QUESTION, asked.answer())).await?;
    let other = by(elsewhere, in_time(QUESTION, asked.answer())).await?;
    Ok((own, other))
}
