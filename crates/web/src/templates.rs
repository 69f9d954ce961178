//! The templates: one strict environment per language, because `t` speaks the page's language everywhere.

use crate::{
    Format, Messages, Zone,
    assets::Assets,
    figure::{Definition, Meaning},
    markup,
};
use meta::Lang;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, value::Kwargs,
};
use rust_embed::Embed;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Read from disk in development builds, part of the binary in release builds.
#[derive(Embed)]
#[folder = "templates"]
struct Own;

pub struct Templates {
    en: Environment<'static>,
    zh: Environment<'static>,
}

type Sources = Arc<HashMap<&'static str, &'static str>>;

impl Templates {
    pub fn new(
        modules: Vec<(&'static str, &'static str)>,
        messages: &Arc<Messages>,
        assets: &Arc<Assets>,
    ) -> Self {
        let sources: Sources = Arc::new(modules.into_iter().collect());
        let make = |lang| environment(lang, sources.clone(), messages.clone(), assets.clone());
        Templates { en: make(Lang::En), zh: make(Lang::Zh) }
    }

    pub fn render(&self, lang: Lang, template: &str, context: Value) -> Result<String, Error> {
        let environment = match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        };
        environment.get_template(template)?.render(context)
    }
}

fn environment(
    lang: Lang,
    sources: Sources,
    messages: Arc<Messages>,
    assets: Arc<Assets>,
) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    // Letters are plain text.
    environment.set_auto_escape_callback(|name| match name.ends_with(".txt") {
        true => AutoEscape::None,
        false => AutoEscape::Html,
    });
    environment.set_formatter(escape);
    environment.set_loader(move |name| {
        if let Some(source) = sources.get(name) {
            return Ok(Some((*source).to_owned()));
        }
        Ok(Own::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned()))
    });
    let known = messages.clone();
    environment.add_function("sure", move |key: &str| certainty(&known, lang, key));
    let known = messages.clone();
    environment.add_function("term", move |label: &str, key: &str| term(&known, lang, label, key));
    environment.add_function("t", move |key: &str, args: Kwargs| translate(&messages, lang, key, &args));
    let rendered: Mutex<HashMap<String, Value>> = Mutex::default();
    environment.add_function("constant", move |state: &State, name: &str| constant(&rendered, state, name));
    let sprite = assets.address("sprite.svg");
    environment.add_function("asset", move |name: &str| Value::from_safe_string(assets.address(name)));
    environment.add_function("icon", move |name: &str, class: Option<&str>| {
        Value::from_safe_string(markup::icon(&sprite, name, class))
    });
    environment.add_function("dot", |text: &str, colour: Option<&str>| {
        Value::from_safe_string(markup::dot(text, colour))
    });
    environment.add_function("avatar", |initials: &str, class: Option<&str>| {
        Value::from_safe_string(markup::avatar(initials, class))
    });
    let format = Format { lang, zone: Zone::default() };
    environment.add_filter("number", move |value: &str| decimal(value).map(|number| format.number(number)));
    environment.add_filter("percent", move |value: &str| decimal(value).map(|number| format.percent(number)));
    environment.add_filter("money", move |value: &str, currency: &str| {
        decimal(value).map(|amount| format.money(amount, currency))
    });
    environment
}

/// minijinja's own escaping writes `/` as `&#x2f;`, which makes every address unreadable and protects nothing in
/// quoted attributes.
fn escape(out: &mut Output<'_>, state: &State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match value.as_str() {
        Some(text) if state.auto_escape() == AutoEscape::Html && !value.is_safe() => text,
        _ => return minijinja::escape_formatter(out, state, value),
    };
    write_escaped(out, text).map_err(Error::from)
}

pub(crate) fn write_escaped(out: &mut impl std::fmt::Write, text: &str) -> std::fmt::Result {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[from..at])?;
        out.write_str(escaped)?;
        from = at + 1;
    }
    out.write_str(&text[from..])
}

/// A template without context, the same in every page of the language: rendered once.
fn constant(
    rendered: &Mutex<HashMap<String, Value>>,
    state: &State<'_, '_>,
    name: &str,
) -> Result<Value, Error> {
    let known = || rendered.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = known().get(name) {
        return Ok(text.clone());
    }
    let text = Value::from_safe_string(state.env().get_template(name)?.render(())?);
    known().insert(name.to_owned(), text.clone());
    Ok(text)
}

fn decimal(text: &str) -> Result<meta::Decimal, Error> {
    text.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("“{text}” is not a decimal")))
}

/// A missing key fails the page in development and tests and shows itself in production.
fn translate(messages: &Messages, lang: Lang, key: &str, args: &Kwargs) -> Result<String, Error> {
    let mut given = vec![];
    for name in args.args() {
        let value = args.get::<Value>(name)?;
        if value.is_undefined() {
            let what = format!("argument {name} of message “{key}” is undefined");
            return Err(Error::new(ErrorKind::UndefinedError, what));
        }
        given.push((name, value.to_string()));
    }
    let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match messages.get(lang, key, &given) {
        Some(text) => Ok(text),
        None if cfg!(debug_assertions) => {
            Err(Error::new(ErrorKind::UnknownFunction, format!("no message “{key}” in messages.toml")))
        }
        None => Ok(key.to_owned()),
    }
}

/// How sure the figure is whose meaning a message says; one that does not tell is treated as a missing key is.
fn certainty(messages: &Messages, lang: Lang, key: &str) -> Result<String, Error> {
    match messages.certainty(lang, key) {
        Some(text) => Ok(text),
        None if cfg!(debug_assertions) => Err(Error::new(
            ErrorKind::UnknownFunction,
            format!("message “{key}” does not say how sure (sure = …)"),
        )),
        None => Ok(key.to_owned()),
    }
}

/// A column or a mark for macro `definitions`: its name, and the message that says what it means.
fn term(messages: &Messages, lang: Lang, label: &str, key: &str) -> Result<Value, Error> {
    let definition = messages.get(lang, key, &[]).unwrap_or_else(|| key.to_owned());
    let meaning = Meaning { definition, certainty: certainty(messages, lang, key)? };
    Ok(Value::from_serialize(Definition::new(label, meaning)))
}
