//! Search by part of a word on both databases.

use crate::shop::{Shop, on_both, values};
use engine::Query;

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
