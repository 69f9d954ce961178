//! Every measure by every dimension: what a rep of one branch is told is what all would be told if there were no other branch.

use super::{OWN, SECRET, asking::refresh, modules, records, reps};
use engine::{Actor, Engine};
use meta::Lang;
use testkit::on_sqlite;
use warehouse::semantic::{self, AnswerTable, Cut, Model, Question};

/// Every measure by every dimension, some measures at once.
fn questions(model: &Model) -> Vec<Question> {
    let mut dimensions: Vec<_> = model.dimensions.values().flatten().collect();
    dimensions.sort_by(|one, other| one.name.cmp(&other.name));
    dimensions.dedup_by(|one, other| one.name == other.name);
    let mut questions = vec![];
    for dimension in dimensions {
        let has = |name: &str| model.common(&[name.to_owned()]).iter().any(|one| one.name == dimension.name);
        let measures = model.measures.iter().map(|measure| measure.name.to_owned());
        let measures: Vec<String> = measures.filter(|name| has(name)).collect();
        for measures in measures.chunks(12) {
            let cuts =
                vec![Cut { dimension: dimension.name.clone(), level: dimension.levels.first().copied() }];
            questions.push(Question { measures: measures.to_vec(), cuts, ..Question::default() });
        }
    }
    questions
}

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
        let questions = questions(&semantic::askable(engine, &rep).unwrap());
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
        assert!(questions.len() > 100 && cells > 500, "{} questions, {cells} values", questions.len());
        assert_eq!(hidden, questions.len(), "who may see all is told of both branches");
    });
}
