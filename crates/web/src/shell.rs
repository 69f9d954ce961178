//! What surrounds every page: navigation, the user's menu, notes. The contract stands at the top of `layout.html`.

use crate::{App, Session, Visit};
use engine::{Action, allow};
use meta::Entity;
use minijinja::{Value, context, value::Object};
use std::{fmt, sync::Arc};

/// Reached from the lists themselves or from pages of their own, not from the navigation.
const NOT_IN_NAVIGATION: [&str; 6] =
    ["saved_view", "import_run", "alarm", "question", "dashboard", "scheduled_report"];
/// The engine's own module stands last, and nothing of it is created from the menu.
const CORE: &str = "core";

/// `shell` in templates. Only what a template asks for is made: a page has several panels, each a template of its own that asks
/// for a token at most, not for the navigation.
struct Shell {
    app: App,
    visit: Visit,
}

impl fmt::Debug for Shell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Shell").field("path", &self.visit.path).finish_non_exhaustive()
    }
}

impl Object for Shell {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let visit = &self.visit;
        let session = || Session::of(visit.clone());
        Some(match key.as_str()? {
            "lang" => visit.lang.code().into(),
            "theme" => visit.theme.as_str().into(),
            "csrf" => visit.csrf.as_str().into(),
            "path" => visit.path.as_str().into(),
            "nav" => session().map(|session| navigation(&self.app, &session)).unwrap_or_default().into(),
            "create_items" => {
                session().map(|session| create_items(&self.app, &session)).unwrap_or_default().into()
            }
            "flash" if visit.htmx => Value::from_serialize([(); 0]),
            "flash" => Value::from_serialize(&visit.flash),
            "user" => {
                let user = visit.user.as_deref();
                context! {
                    name => user.map(|user| user.name.as_str()).unwrap_or_default(),
                    email => user.map(|user| user.email.as_str()).unwrap_or_default(),
                    initials => user.map(|user| initials(&user.name)).unwrap_or_default(),
                    href => user.map(|_| "/profile"),
                }
            }
            _ => return None,
        })
    }
}

pub(crate) fn shell(app: &App, visit: &Visit) -> Value {
    Value::from_object(Shell { app: app.clone(), visit: visit.clone() })
}

pub(crate) fn listed(entity: &Entity, session: &Session) -> bool {
    let hidden = entity.internal || entity.parent.is_some() || entity.list.is_empty();
    let for_administrators = entity.admin_only && !session.actor.is_administrator();
    !hidden
        && !for_administrators
        && !NOT_IN_NAVIGATION.contains(&entity.name.as_str())
        && allow(&session.actor, entity, Action::Read).is_ok()
}

fn navigation(app: &App, session: &Session) -> Vec<Value> {
    let registry = app.engine().registry();
    let lang = session.lang;
    let (core, modules): (Vec<_>, Vec<_>) = registry.modules().iter().partition(|module| module.name == CORE);
    let mut groups = vec![];
    for module in modules.into_iter().chain(core) {
        let entities = module.entities.iter().filter_map(|name| registry.entity(name).ok());
        let mut items: Vec<Value> = entities
            .filter(|entity| listed(entity, session))
            .map(|entity| item(session, entity.plural.get(lang), &format!("/{}", entity.name), entity.icon))
            .collect();
        items.extend(added(app, session, module.name));
        if module.name == CORE && session.actor.is_administrator() {
            let label = app.t(lang, "company.title", &[]);
            items.push(item(session, &label, "/settings", "settings"));
            let label = app.t(lang, "security.title", &[]);
            items.push(item(session, &label, "/security", "shield"));
            let label = app.t(lang, "audit.title", &[]);
            items.push(item(session, &label, "/audit", "list-check"));
            let label = app.t(lang, "privacy.title", &[]);
            items.push(item(session, &label, "/privacy", "user-shield"));
        }
        if !items.is_empty() {
            groups.push(context! { module_label => module.label.get(lang), items });
        }
    }
    groups
}

/// The items web modules add to a group.
fn added(app: &App, session: &Session, module: &str) -> Vec<Value> {
    app.modules()
        .iter()
        .filter(|web| web.name == module)
        .flat_map(|web| &web.nav)
        .filter(|nav| nav.is_offered_to(&session.actor))
        .map(|nav| {
            let label = nav.label.get(session.lang);
            let active = leads_to(nav.href, &session.path) && !is_below(app, session, nav.href);
            context! { label, href => nav.href, icon => nav.icon, active }
        })
        .collect()
}

/// Whether the page is that of an item whose address is below `href`: `/value/alarms` is not `/value`.
fn is_below(app: &App, session: &Session, href: &str) -> bool {
    let mut items = app.modules().iter().flat_map(|web| &web.nav);
    items.any(|nav| nav.href.len() > href.len() && leads_to(nav.href, &session.path))
}

fn leads_to(href: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'))
}

fn item(session: &Session, label: &str, href: &str, icon: &str) -> Value {
    context! { label, href, icon, active => leads_to(href, &session.path) }
}

fn create_items(app: &App, session: &Session) -> Vec<Value> {
    let registry = app.engine().registry();
    registry
        .modules()
        .iter()
        .filter(|module| module.name != CORE)
        .flat_map(|module| &module.entities)
        .filter_map(|name| registry.entity(name).ok())
        .filter(|entity| listed(entity, session) && allow(&session.actor, entity, Action::Create).is_ok())
        .map(|entity| {
            let label = entity.label.get(session.lang);
            context! { label, href => format!("/{}/new", entity.name), icon => entity.icon }
        })
        .collect()
}

/// `Lin Yue` is LY, `林悦` is 林.
pub fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().next().map(|letter| letter.to_uppercase().to_string());
    match name.chars().next() {
        Some(letter) if letter.is_ascii_alphabetic() => {
            name.split_whitespace().take(2).filter_map(first).collect()
        }
        _ => name.chars().take(1).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_follow_the_script_of_the_name() {
        assert_eq!(initials("Lin Yue"), "LY");
        assert_eq!(initials("林悦"), "林");
        assert_eq!(initials("marie"), "M");
        assert_eq!(initials(""), "");
    }
}
