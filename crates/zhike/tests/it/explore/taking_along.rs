//! Files of the analysis: who sees more than he may export takes along no more than that.

use super::{modules, trade};
use crate::pages::{create, unescaped};
use engine::Role;
use testkit::on_both;
use warehouse::{
    Limits,
    semantic::{self, Question},
};

#[test]
fn a_file_is_made_of_the_records_alone_that_its_reader_may_export() {
    on_both(modules, async |test| {
        let engine = &test.engine;
        let seller = test.user("Sell Er", "seller@example.com", Role::User).await;
        let role = create(engine, "role", &[("name", "takes his own".into())]).await;
        for entity in ["account", "order"] {
            let right = [
                ("role", role.into()),
                ("entity", entity.into()),
                ("read", "all".into()),
                ("export", "own".into()),
            ];
            create(engine, "role_right", &right).await;
        }
        create(engine, "user_role", &[("user", seller.into()), ("role", role.into())]).await;
        trade(&test, Some(seller)).await;
        let mut client = test.visitor();
        client.sign_in("seller@example.com", testkit::PASSWORD).await;
        for (sql, seen, taken) in [
            ("SELECT name FROM account", [true, true], [true, false]),
            (
                "SELECT a.name, sum(s.net) FROM sales s JOIN account a ON a.key = s.account_key GROUP BY 1",
                [true, true],
                [true, false],
            ),
        ] {
            let named = |text: &str| ["青岛海风", "Chengdu"].map(|name| text.contains(name));
            let page = unescaped(&client.post("/analysis/sql", &[("sql", sql)]).await.expect(200).body);
            assert_eq!(named(page.split_once("<tbody>").unwrap().1), seen, "{page}");
            let file = [("sql", sql), ("format", "csv")];
            let file = client.post("/analysis/sql/export", &file).await.expect(200).body;
            assert_eq!(named(&file), taken, "{file}");
        }
        let unseen = [("sql", "SELECT name FROM contact"), ("format", "csv")];
        assert!([403, 422].contains(&client.post("/analysis/sql/export", &unseen).await.status));

        let actor = engine.actor(seller, meta::Lang::En).await.unwrap();
        let question = Question { measures: vec!["sales".into()], ..Question::default() };
        for (exporting, rows) in [(false, 3), (true, 2)] {
            let limits = Limits { exporting, ..Limits::PAGE };
            let found = semantic::rows(engine, &actor, &question, "sales", limits).await.unwrap();
            assert_eq!(found.rows.len(), rows, "{exporting}");
        }
    });
}
