//! The declarations of customers and sales hold together.

use engine::{Customs, Registry};

#[test]
fn declarations_hold_together() {
    let registry =
        Registry::build(vec![core(), customers::module(), sales::module()], &Customs::default()).unwrap();
    let order = registry.entity("order").unwrap();
    assert_eq!(registry.children("order").count(), 1);
    assert!(order.get("total_base").unwrap().company_currency);
    for entity in registry.entities() {
        for column in &entity.list {
            assert!(entity.get(column).is_some(), "{}.{column}", entity.name);
        }
        assert!(!entity.label.zh.is_empty() && !entity.hint.zh.is_empty(), "{}", entity.name);
        for choice in entity.fields.values().flat_map(|field| field.choices()) {
            assert!(!choice.label.zh.is_empty(), "{} {}", entity.name, choice.value);
        }
    }
}

/// The engine's own entities that these refer to, as the engine declares them is not public.
fn core() -> engine::Module {
    let plain = |name: &str| {
        meta::Entity::new(name).labels(name, name, name).hint(name, name).field(meta::text("name").zh("名称"))
    };
    engine::Module::new("core").entity(plain("user")).entity(plain("team"))
}
