//! CEL text → checked condition.

use super::{Condition, Operator, Path, Place, Through, field_of};
use crate::{Actor, Error, Registry, Result, access};
use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
    parser::Parser,
};
use meta::{Clock, Decimal, Entity, Field, Kind, Lang, Value};
use std::sync::Arc;

/// What the functions `now()`, `today()`, `days_ago(n)` and `me()` stand for, and the language errors are in.
#[derive(Clone)]
pub struct Context {
    pub clock: Clock,
    /// Who asks: fields hidden from him cannot be named.
    pub actor: Actor,
}

const LENGTH_LIMIT: usize = 10_000;
const NESTING_LIMIT: u16 = 60;
/// Longer filters are written once, by a program: reading them again is better than keeping thousands of them.
const KEPT_LENGTH: usize = 500;
/// What a letter of a filter takes at most once it is read: a node of the tree with its name, and the place beside it that a growing list
/// leaves free. Most nodes stand for several letters.
const BYTES_A_LETTER: usize = 2 * size_of::<IdedExpr>();

/// What a filter takes that is kept with its tree: somebody may ask with ever new ones.
pub(crate) fn kept_bytes(text: &str) -> usize {
    text.len() * (1 + BYTES_A_LETTER)
}

/// Parses `text` for records of `entity`; errors are [`Error::Invalid`] on `filter` and say what is wrong where.
pub fn parse(text: &str, entity: &Entity, registry: &Registry, context: &Context) -> Result<Condition> {
    if text.trim().is_empty() {
        return Ok(Condition::Always(true));
    }
    if text.len() > LENGTH_LIMIT {
        return Err(wrong(
            "The filter is too long: use at most 10,000 characters.",
            "筛选条件太长，最多 10000 个字符。",
        ));
    }
    let ast = read(text, registry)?;
    Reader { entity, registry, context }.condition(&ast)
}

/// The text as CEL, which takes longer to read than all that follows.
fn read(text: &str, registry: &Registry) -> Result<Arc<IdedExpr>> {
    let key = text.to_owned();
    if let Some(known) = registry.filters.get(&key, 0) {
        return Ok(known);
    }
    let ast = Parser::new().max_recursion_depth(NESTING_LIMIT).parse(text).map_err(|errors| {
        let first = errors.errors.first().map(|error| error.msg.clone()).unwrap_or_default();
        wrong(
            format!(
                "The filter cannot be read: {first}. Write it like city == 'Qingdao' && net_sales > 1000."
            ),
            format!("筛选条件无法识别：{first}。请写成 city == '青岛' && net_sales > 1000 这样。"),
        )
    })?;
    let ast = Arc::new(ast);
    if text.len() <= KEPT_LENGTH {
        registry.filters.put(key, 0, ast.clone());
    }
    Ok(ast)
}

fn wrong(en: impl Into<String>, zh: impl Into<String>) -> Error {
    Error::rule("filter", en, zh)
}

struct Reader<'a> {
    entity: &'a Entity,
    registry: &'a Registry,
    context: &'a Context,
}

/// A literal before the field it is compared with is known.
enum Literal {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(String),
    Value(Value),
}

impl Reader<'_> {
    fn condition(&self, expression: &IdedExpr) -> Result<Condition> {
        match &expression.expr {
            Expr::Call(call) => self.call(call),
            Expr::Literal(LiteralValue::Boolean(flag)) => Ok(Condition::Always(*flag.inner())),
            Expr::Ident(_) | Expr::Select(_) => {
                let path = self.path(expression)?;
                if path.field.kind != Kind::Bool {
                    return Err(wrong(
                        format!("{} is not a yes/no field: compare it with a value.", path.field.name),
                        format!("{} 不是是/否字段，请与一个值比较。", path.field.name),
                    ));
                }
                Ok(Condition::Compare { path, operator: Operator::Equal, value: Value::Bool(true) })
            }
            _ => Err(unsupported("this expression")),
        }
    }

    fn call(&self, call: &CallExpr) -> Result<Condition> {
        let both = || -> Result<Vec<Condition>> { call.args.iter().map(|arg| self.condition(arg)).collect() };
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::LOGICAL_AND, None, _) => Ok(Condition::All(both()?)),
            (operators::LOGICAL_OR, None, _) => Ok(Condition::Any(both()?)),
            (operators::LOGICAL_NOT, None, [inner]) => Ok(Condition::Not(Box::new(self.condition(inner)?))),
            (operators::IN, None, [left, right]) => self.membership(left, right),
            ("search", None, _) if self.searches_withheld() => Err(wrong(
                "Some searched fields are not shown to you: use the search box instead of search().",
                "部分可搜索字段对您不可见，请改用搜索框，不要在筛选条件中使用 search()。",
            )),
            ("search", None, [text]) => match self.literal(text)? {
                Literal::Text(text) => Ok(Condition::Search { text }),
                _ => Err(wrong("search() takes a text.", "search() 的参数应为文字。")),
            },
            ("contains" | "startsWith" | "endsWith", Some(target), [text]) => self.text(call, target, text),
            (name, None, [left, right]) => match operator(name) {
                Some(operator) => self.comparison(left, operator, right),
                None => Err(unsupported(name)),
            },
            (name, ..) => Err(unsupported(name)),
        }
    }

    fn comparison(&self, left: &IdedExpr, operator: Operator, right: &IdedExpr) -> Result<Condition> {
        let (path, operator, literal) = match self.literal(right) {
            Ok(literal) => (self.path(left)?, operator, literal),
            Err(error) => match self.literal(left) {
                Ok(literal) => (self.path(right)?, mirrored(operator), literal),
                Err(_) => return Err(error),
            },
        };
        let value = self.typed(&path.field, literal)?;
        match (value, operator) {
            (Value::Null, Operator::Equal) => Ok(Condition::Empty { path }),
            (Value::Null, Operator::NotEqual) => Ok(Condition::Not(Box::new(Condition::Empty { path }))),
            (Value::Null, _) => {
                Err(wrong("null can only be compared with == or !=.", "null 只能用 == 或 != 比较。"))
            }
            (value, operator) => Ok(Condition::Compare { path, operator, value }),
        }
    }

    fn searches_withheld(&self) -> bool {
        self.context.actor.limits().is_some_and(|rights| rights.searches_withheld(&self.entity.name))
    }

    fn membership(&self, left: &IdedExpr, right: &IdedExpr) -> Result<Condition> {
        let path = self.path(left)?;
        let Expr::List(list) = &right.expr else {
            return Err(wrong("in takes a list like ['a', 'b'].", "in 后面应为列表，如 ['a', 'b']。"));
        };
        let values = list.elements.iter().map(|element| self.typed(&path.field, self.literal(element)?));
        Ok(Condition::In { values: values.collect::<Result<_>>()?, path })
    }

    fn text(&self, call: &CallExpr, target: &IdedExpr, text: &IdedExpr) -> Result<Condition> {
        let path = self.path(target)?;
        if !path.field.kind.is_textual() {
            return Err(wrong(
                format!("{} is not a text: {}() does not fit.", path.field.name, call.func_name),
                format!("{} 不是文字字段，不能用 {}()。", path.field.name, call.func_name),
            ));
        }
        let Literal::Text(text) = self.literal(text)? else {
            return Err(wrong(
                format!("{}() takes a text.", call.func_name),
                format!("{}() 的参数应为文字。", call.func_name),
            ));
        };
        let place = match call.func_name.as_str() {
            "startsWith" => Place::StartsWith,
            "endsWith" => Place::EndsWith,
            _ => Place::Contains,
        };
        Ok(Condition::Text { path, place, text })
    }

    fn path(&self, expression: &IdedExpr) -> Result<Path> {
        match &expression.expr {
            Expr::Ident(name) => Ok(Path { through: None, field: self.field(self.entity, name)? }),
            Expr::Select(select) if !select.test => {
                let Expr::Ident(reference) = &select.operand.expr else {
                    return Err(wrong(
                        "Only one reference can be followed, like account.city.",
                        "只能跟随一级引用，如 account.city。",
                    ));
                };
                let field = self.field(self.entity, reference)?;
                let Some(target) = field.target() else {
                    return Err(wrong(
                        format!("{reference} is not a reference, so it has no field {}.", select.field),
                        format!("{reference} 不是引用字段，没有 {}。", select.field),
                    ));
                };
                let through = Through { reference: field.name.clone(), entity: target.to_owned() };
                let field =
                    self.field(self.context.actor.view(self.registry.entity(target)?), &select.field)?;
                Ok(Path { through: Some(through), field })
            }
            Expr::Call(call) => Err(unsupported(&call.func_name)),
            _ => Err(wrong(
                "A field name is expected on one side of the comparison.",
                "比较的一边应为字段名。",
            )),
        }
    }

    fn field(&self, entity: &Entity, name: &str) -> Result<Field> {
        let known = field_of(entity, name).map(std::borrow::Cow::into_owned).ok_or_else(|| {
            wrong(
                format!("{} has no field “{name}”.", entity.label.en),
                format!("{}没有字段“{name}”。", entity.label.zh),
            )
        })?;
        if known.masked {
            return Err(access::no_filter(&known));
        }
        Ok(known)
    }

    fn literal(&self, expression: &IdedExpr) -> Result<Literal> {
        match &expression.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Null => Ok(Literal::Null),
                LiteralValue::Boolean(flag) => Ok(Literal::Bool(*flag.inner())),
                LiteralValue::Int(number) => Ok(Literal::Number(Decimal::from(*number.inner()))),
                LiteralValue::UInt(number) => Ok(Literal::Number(Decimal::from(*number.inner()))),
                LiteralValue::Double(number) => number
                    .inner()
                    .to_string()
                    .parse()
                    .map(Literal::Number)
                    .map_err(|_| wrong("The number is too large.", "数字太大。")),
                LiteralValue::String(text) => Ok(Literal::Text(text.inner().to_owned())),
                LiteralValue::Bytes(_) => Err(unsupported("bytes")),
            },
            Expr::Call(call) => self.function(call),
            _ => Err(wrong(
                "A value is expected: a number, a 'text', true, false or null.",
                "此处应为值：数字、'文字'、true、false 或 null。",
            )),
        }
    }

    fn function(&self, call: &CallExpr) -> Result<Literal> {
        let now = self.context.clock.now();
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::NEGATE, None, [inner]) => match self.literal(inner)? {
                Literal::Number(number) => Ok(Literal::Number(-number)),
                _ => Err(unsupported("-")),
            },
            ("now", None, []) => Ok(Literal::Value(Value::Instant(now))),
            ("today", None, []) => Ok(Literal::Value(Value::Date(now.date_naive()))),
            ("days_ago" | "days_ahead", None, [days]) => {
                let Literal::Number(days) = self.literal(days)? else { return Err(unsupported("days_ago")) };
                let days: i64 = days.round().try_into().map_err(|_| unsupported("days_ago"))?;
                let signed = if call.func_name == "days_ago" { days.checked_neg() } else { Some(days) };
                let day = signed
                    .and_then(chrono::Duration::try_days)
                    .and_then(|shift| now.date_naive().checked_add_signed(shift))
                    .ok_or_else(|| wrong("That many days do not fit a calendar.", "天数超出日历范围。"))?;
                Ok(Literal::Value(Value::Date(day)))
            }
            ("me", None, []) => {
                Ok(self.context.actor.user.map_or(Literal::Null, |user| Literal::Value(Value::Id(user))))
            }
            _ => Err(unsupported(&call.func_name)),
        }
    }

    fn typed(&self, field: &Field, literal: Literal) -> Result<Value> {
        let problem = |problem: meta::Problem| {
            wrong(
                format!("{}: {}", field.name, problem.message(Lang::En)),
                format!("{}：{}", field.name, problem.message(Lang::Zh)),
            )
        };
        match literal {
            Literal::Null => Ok(Value::Null),
            Literal::Text(text) if field.kind.is_textual() && !matches!(field.kind, Kind::Choice(_)) => {
                Ok(Value::Text(text))
            }
            Literal::Text(text) => field.parse_text(&text).map_err(problem),
            Literal::Number(number) => field.parse_text(&number.to_string()).map_err(problem),
            Literal::Bool(flag) => field.check(Value::Bool(flag)).map_err(problem),
            Literal::Value(Value::Date(day)) if field.kind == Kind::Instant => {
                Ok(Value::Instant(day.and_time(chrono::NaiveTime::MIN).and_utc()))
            }
            Literal::Value(Value::Instant(at)) if field.kind == Kind::Date => {
                Ok(Value::Date(at.date_naive()))
            }
            Literal::Value(value) => field.check(value).map_err(problem),
        }
    }
}

fn unsupported(what: &str) -> Error {
    wrong(
        format!(
            "“{what}” cannot be used in a filter. Use == != < <= > >= in && || ! contains startsWith endsWith search."
        ),
        format!(
            "筛选条件不支持“{what}”。可用 == != < <= > >= in && || ! contains startsWith endsWith search。"
        ),
    )
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::NotEqual,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessOrEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterOrEqual,
        _ => return None,
    })
}

fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_takes_no_more_than_its_letters_are_reckoned_for() {
        /// Of the name of a node, longer ones have more letters.
        const NAME: usize = 32;
        let list = format!("[{}]", vec!["1"; 250].join(","));
        let many = vec!["a<b"; 30].join("||");
        let texts = ["a", "!a", "a<b", "a?b:c", "a.b[c]", "{a:b}", "has(a.b)", "f(a)", "a.all(b,c)"];
        let texts = texts.into_iter().chain(["a.map(b,c,d)", "a.exists_one(b,c)", &list, &many]);
        for text in texts {
            let tree = Parser::new().max_recursion_depth(NESTING_LIMIT).parse(text).unwrap();
            let nodes = format!("{tree:?}").matches("IdedExpr {").count();
            assert!(
                nodes > 0 && nodes * (size_of::<IdedExpr>() + NAME) <= kept_bytes(text),
                "{text}: {nodes}"
            );
        }
    }
}
