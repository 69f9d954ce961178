//! Every measure, and every dimension of every fact: what a rep of one branch is told is what all would be told if there were no
//! other branch.

#[path = "../../../../insight/tests/it/covering.rs"]
mod covering;

use super::{OWN, SECRET, asking::refresh, modules, records, reps};
use covering::covering;
use engine::{Actor, Engine};
use meta::Lang;
use std::collections::BTreeSet;
use testkit::on_sqlite;
use warehouse::semantic::{self, AnswerTable, Question};

async fn ask(engine: &Engine, actor: &Actor, question: &Question) -> AnswerTable {
    semantic::ask(engine, actor, question).await.unwrap_or_else(|error| panic!("{question:?}: {error}"))
}

#[test]
fn figures_are_as_if_there_were_no_other_branch() {
    on_sqlite(modules, async |test| {
        let engine = &test.engine;
        let reps = reps(engine).await;
        records(engine, reps[0], OWN).await;
        refresh(engine).await;
        let (rep, system) = (engine.actor(reps[0], Lang::En).await.unwrap(), Actor::system());
        let model = semantic::askable(engine, &rep).unwrap();
        let questions = covering(&model, |dimension| vec![dimension.levels.first().copied()]);
        let mut alone = vec![];
        for question in &questions {
            alone.push(ask(engine, &system, question).await);
        }
        records(engine, reps[1], SECRET).await;
        refresh(engine).await;
        let (mut cells, mut hidden) = (0, 0);
        for (question, reference) in questions.iter().zip(alone) {
            let answer = ask(engine, &rep, question).await;
            let told = |answer: AnswerTable| (answer.rows, answer.total, answer.more, answer.counted);
            cells +=
                answer.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.value.is_some()).count();
            let (answer, reference) = (told(answer), told(reference));
            assert_eq!(answer, reference, "{question:?}");
            hidden += usize::from(told(ask(engine, &system, question).await) != reference);
        }
        let asked: BTreeSet<&String> = questions.iter().flat_map(|question| &question.measures).collect();
        assert_eq!(asked.len(), model.measures.len());
        assert!(
            questions.len() > 30 && cells > 2 * questions.len(),
            "{} questions, {cells}",
            questions.len()
        );
        assert_eq!(hidden, questions.len(), "who may see all is told of both branches");
    });
}
