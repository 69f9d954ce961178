//! A tree of product kinds, for figures by category.

use meta::{Entity, long_text, reference, text};

pub fn entity() -> Entity {
    Entity::new("product_category")
        .labels("Product category", "Product categories", "产品类别")
        .icon("category")
        .hint("Group products, so that sales can be seen by category.", "给产品分类，便于按类别查看销售。")
        .field(text("name").label("Name", "名称").required().unique().searched().indexed())
        .field(reference("parent_category", "product_category").label("Parent category", "上级类别"))
        .field(long_text("description").label("Description", "说明"))
        .list(["name", "parent_category"])
        .sort("name")
        .open()
        .external_ids()
}
