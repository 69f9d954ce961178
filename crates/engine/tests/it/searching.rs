//! Search by part of a word on both databases.

use crate::shop::{Shop, on_both, values};
use engine::Query;
use meta::Values;
use std::collections::BTreeSet;

#[test]
fn any_part_of_a_name_e_mail_or_phone_finds_the_record() {
    on_both(|shop: Shop| async move {
        let huawei = shop.customer("华为技术有限公司", [("email", "info@huawei-demo.com".into())]).await;
        let acme = shop.customer("Acme O'Neil \"Industries\"", [("phone", "+86 138-0000-8000".into())]).await;
        for (query, expected) in [
            ("华", huawei),
            ("技术", huawei),
            ("huawei", huawei),
            ("hw", huawei),
            ("info@huawei", huawei),
            ("cme", acme),
            ("o'neil", acme),
            ("13800008000", acme),
            ("138 0000", acme),
        ] {
            let hits = shop.engine.search(&shop.actor, query, None, 10).await.unwrap();
            assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [expected], "{query}");
            let listed = shop.names(Query::new("customer").search(query)).await.unwrap();
            assert_eq!(listed.len(), 1, "{query}");
        }
        for nothing in ["", "'\"\\*:&|!", "zzz", "AND", "华技"] {
            assert!(
                shop.engine.search(&shop.actor, nothing, None, 10).await.unwrap().is_empty(),
                "{nothing}"
            );
        }
        shop.update("customer", huawei, None, values([("name", "荣耀".into())])).await.unwrap();
        assert!(shop.engine.search(&shop.actor, "技术", None, 10).await.unwrap().is_empty());
        assert_eq!(shop.engine.search(&shop.actor, "ry", None, 10).await.unwrap()[0].title, "荣耀");
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.delete("customer", huawei, None).await }))
            .await
            .unwrap();
        assert!(shop.engine.search(&shop.actor, "荣耀", None, 10).await.unwrap().is_empty());
    });
}

/// A word of the newest documents, one that few have, one that many have but none of the newest: each is found on another way.
#[test]
fn of_a_common_word_as_of_a_rare_one_the_newest_records_are_found() {
    on_both(|shop: Shop| async move {
        let named = |number: usize| {
            let kind = match number {
                _ if number.is_multiple_of(500) => "Rare",
                ..2_100 => "Early",
                _ => "Late",
            };
            values([("name", format!("{kind} {number:04}").into())])
        };
        let records: Vec<Values> = (0..4_200).map(named).collect();
        shop.engine
            .write(&shop.actor, move |tx| Box::pin(async move { tx.create_many("customer", records).await }))
            .await
            .unwrap();
        for (word, limit, expected) in [
            ("late", 3, vec!["Late 4199", "Late 4198", "Late 4197"]),
            ("early", 3, vec!["Early 2099", "Early 2098", "Early 2097"]),
            ("rare", 3, vec!["Rare 4000", "Rare 3500", "Rare 3000"]),
            ("rare", 6, vec!["Rare 4000", "Rare 3500", "Rare 3000", "Rare 2500", "Rare 2000", "Rare 1500"]),
            ("absent", 10, vec![]),
        ] {
            let hits = shop.engine.search(&shop.actor, word, None, limit).await.unwrap();
            // Of one moment, ids are in any order.
            let titles: BTreeSet<&str> = hits.iter().map(|hit| hit.title.as_str()).collect();
            assert_eq!(titles, expected.into_iter().collect(), "{word}");
        }
        let listed =
            shop.engine.list(&shop.actor, &Query::new("customer").search("early").limit(1_000)).await;
        assert_eq!(listed.unwrap().records.len(), 1_000);
    });
}
