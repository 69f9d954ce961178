//! What lists, boards, timelines and panels ask for.

use engine::{Query, Registry};
use meta::{Apart, Entity, Field, Id, Kind};

/// CEL keeps them for itself.
const RESERVED: [&str; 2] = ["return", "import"];

/// Conditions on a field as the filter builder writes them; `name` is what it is called there.
fn conditions(name: &str, field: &Field) -> Vec<String> {
    let compared =
        |value: &str| ["==", "!=", "<", ">="].map(|operator| format!("{name} {operator} {value}")).to_vec();
    let mut all = match &field.kind {
        Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent => compared("5"),
        Kind::Date => [compared("'2026-01-05'"), since(name)].concat(),
        Kind::Instant => [compared("'2026-01-05T08:00:00Z'"), since(name)].concat(),
        Kind::Bool => vec![name.to_owned(), format!("!{name}")],
        Kind::Choice(choices) => {
            let value = &choices[0].value;
            vec![
                format!("{name} == '{value}'"),
                format!("{name} in ['{value}']"),
                format!("{name} != '{value}'"),
            ]
        }
        Kind::Reference { entity } => {
            let mine = (entity == "user").then(|| format!("{name} == me()"));
            [format!("{name} == '01890000-0000-7000-8000-000000000000'")].into_iter().chain(mine).collect()
        }
        Kind::Json => return vec![],
        _ => {
            vec![format!("{name} == 'x'"), format!("{name}.contains('x')"), format!("{name}.startsWith('x')")]
        }
    };
    all.extend([format!("{name} == null"), format!("{name} != null")]);
    all
}

fn since(name: &str) -> Vec<String> {
    vec![format!("{name} >= days_ago(30)"), format!("{name} < today() && {name} >= days_ago(7)")]
}

/// Fields of the record behind a reference, one for each way to find those who have a value.
fn behind(target: &Entity) -> Vec<&Field> {
    let first = |is: fn(&Field) -> bool| {
        target.fields.values().find(|field| !RESERVED.contains(&field.name.as_str()) && is(field))
    };
    let found = [
        first(|field| field.indexed && field.apart.is_none() && field.kind.is_textual()),
        first(|field| field.unique),
        first(|field| !field.indexed && !field.unique && field.kind.is_textual()),
        first(|field| field.indexed && field.apart == Some(Apart::Figures)),
        first(|field| field.indexed && field.apart == Some(Apart::Moving)),
    ];
    found.into_iter().flatten().collect()
}

pub fn queries(entity: &Entity, registry: &Registry) -> Vec<Query> {
    let base = || Query::new(&entity.name).limit(50);
    let mut sorts: Vec<String> =
        entity.fields.values().filter(|f| f.indexed).map(|f| f.name.clone()).collect();
    sorts.push("id".into());
    if entity.parent.is_none() {
        sorts.extend(["created_at".into(), "updated_at".into()]);
    }
    let mut all = vec![base()];
    let choice = |apart: Option<Apart>| {
        let is =
            |field: &&Field| field.indexed && field.apart == apart && matches!(field.kind, Kind::Choice(_));
        entity.fields.values().find(is)
    };
    for sort in &sorts {
        all.extend([base().sort(sort.clone()), base().sort(format!("-{sort}"))]);
        for told in [choice(None), choice(Some(Apart::Figures))].into_iter().flatten() {
            all.push(base().sort(sort.clone()).filter(format!("{} != null", told.name)));
            all.push(base().sort(sort.clone()).filter(conditions(&told.name, told).remove(0)));
        }
    }
    let fields: Vec<Field> = entity.fields.values().cloned().collect();
    let is_searched = fields.iter().any(|field| field.searched);
    for field in fields.iter().filter(|field| !RESERVED.contains(&field.name.as_str())) {
        for (number, condition) in conditions(&field.name, field).into_iter().enumerate() {
            all.push(base().filter(condition.clone()));
            all.push(base().filter(condition.clone()).sort("-id"));
            if number > 0 {
                continue;
            }
            // One of each field is enough to see that what is found is tested for the rest.
            if is_searched {
                all.push(base().search("acme").filter(condition.clone()));
            }
            if entity.parent.is_none() {
                all.push(base().deleted().filter(condition));
            }
        }
        let Some(target) = field.target() else { continue };
        // A record's page shows what refers to it.
        let id = Id::from_u128(7);
        all.push(base().belongs_to(&field.name, id));
        all.push(base().belongs_to(&field.name, id).sort("id"));
        for far in behind(registry.entity(target).unwrap()) {
            let path = format!("{}.{}", field.name, far.name);
            all.extend(conditions(&path, far).into_iter().map(|condition| base().filter(condition)));
        }
    }
    if is_searched {
        all.extend([base().search("华为"), base().search("acme")]);
    }
    if entity.parent.is_none() {
        all.push(base().deleted());
    }
    all.extend(timeline(entity));
    all.extend(board(entity));
    all
}

/// As a record's timeline asks: the newest, and those before.
fn timeline(entity: &Entity) -> Vec<Query> {
    let Some(timeline) = &entity.timeline else { return vec![] };
    let subject = Query::new(&entity.name).belongs_to(&timeline.subject, Id::from_u128(7)).limit(30);
    let newest = subject.sort(format!("-{}", timeline.at));
    vec![newest.clone(), newest.filter(format!("{} < '2026-01-05T08:00:00Z'", timeline.at))]
}

/// As a board asks for each of its columns, by itself and with a filter.
fn board(entity: &Entity) -> Vec<Query> {
    let Some(field) = entity.board.as_deref().and_then(|name| entity.get(name)) else { return vec![] };
    let column = |value: &str| format!("{} == {value}", field.name);
    let columns = field.choices().iter().map(|choice| column(&format!("'{}'", choice.value)));
    let others = entity.fields.values().filter(|other| !RESERVED.contains(&other.name.as_str()));
    let filters: Vec<String> =
        others.filter_map(|other| conditions(&other.name, other).into_iter().next()).collect();
    let base = Query::new(&entity.name).sort(entity.sort.clone()).limit(50);
    let ordered = |filter: String| base.clone().filter(filter);
    let mut all = vec![];
    for own in columns.chain([column("null")]) {
        all.extend(filters.iter().map(|filter| ordered(format!("{own} && ({filter})"))));
        all.push(ordered(own));
    }
    all
}
