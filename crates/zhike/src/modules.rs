//! What this program consists of.

use engine::Module;
use web::WebModule;

/// In the order of the navigation.
pub fn engine_modules() -> Vec<Module> {
    vec![customers::module(), sales::module(), insight::module(), import::module()]
}

pub fn web_modules() -> Vec<WebModule> {
    vec![customers::web_module(), insight::web_module(), import::web_module()]
}
