//! The condition language: any text is a condition or a named error, what is printed means the same, and the database
//! selects what the program would.
#![allow(clippy::unwrap_used)]

mod print;
mod shop;

use engine::{
    Actor, Query,
    condition::{self, Condition},
};
use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
};

const WORDS: &[&str] = &[
    "name",
    "city",
    "staff",
    "score",
    "vip",
    "since_on",
    "parent",
    "parent.city",
    "kind",
    "created_at",
    "id",
    "'青岛'",
    "'%_\\'",
    "'\\u0000'",
    "null",
    "true",
    "-1",
    "2.25",
    "1e3",
    "9223372036854775807",
    "18446744073709551615u",
    "today()",
    "now()",
    "days_ago(3)",
    "days_ago(-9223372036854775808)",
    "me()",
    " && ",
    " || ",
    "!",
    "(",
    ")",
    " in [",
    "]",
    ", ",
    " == ",
    " != ",
    " < ",
    " >= ",
    ".contains(",
    ".startsWith(",
    ".endsWith(",
    "search(",
    "r'",
    "b'",
    "\"\"\"",
];

thread_local! {
    static SHOP: OnceCell<shop::Shop> = const { OnceCell::new() };
}

fn with_shop(body: impl FnOnce(&shop::Shop)) {
    SHOP.with(|cell| body(cell.get_or_init(shop::Shop::open)));
}

fuzz::target!(conditions, 6_000, WORDS, |bytes: &[u8]| with_shop(|shop| check(
    shop,
    &String::from_utf8_lossy(bytes)
)));

// The same over conditions grown from the bytes, nearly all of which can be read.
fuzz::target!(agreement, 1_500, &[], |bytes: &[u8]| with_shop(|shop| {
    let text = print::grown(&mut bytes.iter().copied(), 4);
    check(shop, &text);
}));

fn check(shop: &shop::Shop, text: &str) {
    let context = condition::Context { clock: shop.engine.clock().clone(), actor: Actor::system() };
    let entity = shop.engine.entity("customer").unwrap();
    let parse = |text: &str| condition::parse(text, entity, shop.engine.registry(), &context);
    let condition = match parse(text) {
        Ok(condition) => condition,
        Err(error) => {
            assert!(!error.message(meta::Lang::En).is_empty() && !error.message(meta::Lang::Zh).is_empty());
            assert_eq!(error.status(), 422, "{text:?}: {error:?}");
            return;
        }
    };
    let printed = print::condition(&condition);
    assert_eq!(parse(&printed).ok().as_ref(), Some(&condition), "{text:?} printed as {printed:?}");
    let by_sql = shop
        .runtime
        .block_on(shop.engine.list(&Actor::system(), &Query::new("customer").filter(text).limit(1_000)));
    let by_sql: BTreeSet<_> = match by_sql {
        Ok(page) => page.records.iter().map(|record| record.id).collect(),
        Err(error) => panic!("{text:?} can be read but not asked: {error:?}"),
    };
    assert_eq!(by_sql, in_process(shop, &condition), "{text:?}");
}

fn in_process(shop: &shop::Shop, condition: &Condition) -> BTreeSet<meta::Id> {
    let entity = shop.engine.entity("customer").unwrap();
    let by_id: HashMap<_, _> = shop.all.iter().map(|record| (record.id, record)).collect();
    let holds = |record: &&meta::Record| {
        let parent = record.reference("parent").and_then(|id| by_id.get(&id));
        let related = parent.map(|parent| ("parent".to_owned(), (*parent).clone())).into_iter().collect();
        condition::matches(condition, entity, record, &related)
    };
    shop.all.iter().filter(holds).map(|record| record.id).collect()
}
