//! What this program consists of.

use engine::Module;
use web::WebModule;

/// In the order of the navigation.
pub fn engine_modules() -> Vec<Module> {
    vec![
        customers::module(),
        sales::module(),
        insight::module(),
        import::module(),
        warehouse::module(),
        analysis::module(),
        #[cfg(feature = "cluster")]
        cluster::module(),
    ]
}

/// Panels on a record's page stand in this order: what a customer is worth comes first.
pub fn web_modules() -> Vec<WebModule> {
    let mut modules = insight::web_modules();
    modules.extend([customers::web_module(), import::web_module(), analysis::web_module()]);
    modules
}
