//! The steps by which a view is built: each a button of the page, carried in the parameter `do`.

use super::view::{Chart, View, written};
use crate::places;
use engine::{Error, Result};
use meta::Problem;
use warehouse::semantic::{Cut, Dimension, Level, Model, Sort, Within};

/// `add m net_sales`, `add r account.province`, `drop c 0`, `move r 1 left`, `cross r 0`, `level r 0 month`, `sort -net_sales`,
/// `up 0`, `swap`.
pub fn apply(view: &mut View, step: &str, model: &Model) -> Result<()> {
    let words: Vec<&str> = step.split(' ').collect();
    let done = match words.as_slice() {
        ["add", "m", name] => {
            if !view.question.measures.iter().any(|known| known == name) {
                view.question.measures.push((*name).to_owned());
            }
            Some(())
        }
        ["add", shelf, name] => add(view, shelf, name, model),
        ["drop", shelf, at] => drop_at(view, shelf, at),
        ["move", shelf, at, to] => shift(view, shelf, at, to),
        ["cross", shelf, at] => cross(view, shelf, at),
        ["level", shelf, at, level] => relevel(view, shelf, at, level),
        ["sort", by] => {
            let (by, descending) = by.strip_prefix('-').map_or((*by, false), |by| (by, true));
            view.question.sort = Some(Sort { by: by.to_owned(), descending });
            Some(())
        }
        ["unsort"] => {
            view.question.sort = None;
            Some(())
        }
        ["up", at] => at.parse().ok().and_then(|at| up(view, at)),
        ["swap"] => {
            let (rows, columns) = (view.rows().to_vec(), view.columns().to_vec());
            view.set(columns, rows);
            Some(())
        }
        _ => None,
    };
    done.ok_or_else(|| {
        Error::invalid(
            "do",
            Problem::NotAChoice {
                given: step.to_owned(),
                allowed: vec![
                    "add".into(),
                    "drop".into(),
                    "move".into(),
                    "cross".into(),
                    "level".into(),
                    "sort".into(),
                    "up".into(),
                    "swap".into(),
                ],
            },
        )
    })?;
    forget_sort(view);
    Ok(())
}

/// An order by what is no longer there is none.
fn forget_sort(view: &mut View) {
    let question = &mut view.question;
    let there = question.sort.as_ref().is_none_or(|sort| {
        question.measures.contains(&sort.by) || question.cuts.iter().any(|cut| cut.dimension == sort.by)
    });
    if !there {
        question.sort = None;
    }
}

fn shelves(view: &View) -> (Vec<Cut>, Vec<Cut>) {
    (view.rows().to_vec(), view.columns().to_vec())
}

/// The cut as it is first put on a shelf: dates by month, in rows by the first level that is not there yet.
pub fn first_cut(dimension: &Dimension) -> Cut {
    Cut::new(&dimension.name, (!dimension.levels.is_empty()).then_some(Level::Month))
}

fn add(view: &mut View, shelf: &str, name: &str, model: &Model) -> Option<()> {
    let known = model.dimensions.values().flatten().find(|known| known.name == name)?;
    let cut = first_cut(known);
    let (mut rows, mut columns) = shelves(view);
    rows.retain(|known| *known != cut);
    columns.retain(|known| *known != cut);
    match shelf {
        "r" => rows.push(cut),
        "c" => columns.push(cut),
        _ => return None,
    }
    view.set(rows, columns);
    Some(())
}

fn drop_at(view: &mut View, shelf: &str, at: &str) -> Option<()> {
    let at: usize = at.parse().ok()?;
    let (mut rows, mut columns) = shelves(view);
    let (measures, within) = (&mut view.question.measures, &mut view.question.within);
    match shelf {
        "m" => drop((at < measures.len()).then(|| measures.remove(at))?),
        "w" => drop((at < within.len()).then(|| within.remove(at))?),
        "r" => drop((at < rows.len()).then(|| rows.remove(at))?),
        "c" => drop((at < columns.len()).then(|| columns.remove(at))?),
        _ => return None,
    }
    view.set(rows, columns);
    Some(())
}

fn shift(view: &mut View, shelf: &str, at: &str, to: &str) -> Option<()> {
    fn swap<T>(items: &mut [T], at: usize, to: &str) -> Option<()> {
        let other = if to == "left" { at.checked_sub(1)? } else { at + 1 };
        (at.max(other) < items.len()).then(|| items.swap(at, other))
    }
    let at: usize = at.parse().ok()?;
    let (mut rows, mut columns) = shelves(view);
    match shelf {
        "m" => swap(&mut view.question.measures, at, to)?,
        "r" => swap(&mut rows, at, to)?,
        "c" => swap(&mut columns, at, to)?,
        _ => return None,
    }
    view.set(rows, columns);
    Some(())
}

/// To the other shelf.
fn cross(view: &mut View, shelf: &str, at: &str) -> Option<()> {
    let at: usize = at.parse().ok()?;
    let (mut rows, mut columns) = shelves(view);
    let (from, to) = match shelf {
        "r" => (&mut rows, &mut columns),
        "c" => (&mut columns, &mut rows),
        _ => return None,
    };
    let cut = (at < from.len()).then(|| from.remove(at))?;
    to.push(cut);
    view.set(rows, columns);
    Some(())
}

fn relevel(view: &mut View, shelf: &str, at: &str, level: &str) -> Option<()> {
    let at: usize = at.parse().ok()?;
    let level = Level::ALL.into_iter().find(|known| known.name() == level)?;
    let (mut rows, mut columns) = shelves(view);
    let cut = match shelf {
        "r" => rows.get_mut(at)?,
        "c" => columns.get_mut(at)?,
        _ => return None,
    };
    cut.level = Some(level);
    view.set(rows, columns);
    Some(())
}

/// Back to where one went down by the step `at`: its dimension stands in the rows again.
fn up(view: &mut View, at: usize) -> Option<()> {
    let step = view.question.within.get(at)?.cut();
    view.question.within.truncate(at);
    let columns: Vec<Cut> =
        view.columns().iter().filter(|cut| written(cut) != written(&step)).cloned().collect();
    view.set(vec![step], columns);
    Some(())
}

/// One step down: only these members, cut by something else.
pub fn down(view: &View, members: &[Within], cut: Cut, keep_columns: bool) -> View {
    let mut view = view.clone();
    for member in members {
        if !view.question.within.contains(member) {
            view.question.within.push(member.clone());
        }
    }
    let columns = if keep_columns { view.columns().to_vec() } else { vec![] };
    let columns = columns.into_iter().filter(|known| *known != cut).collect();
    view.set(vec![cut], columns);
    view.question.top = None;
    // What is no place is on no map.
    if view.chart == Chart::Map && view.rows().iter().all(|cut| places::Level::of(&cut.dimension).is_none()) {
        view.chart = Chart::Auto;
    }
    forget_sort(&mut view);
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view() -> View {
        let mut view = View::default();
        view.question.measures = vec!["sales".into(), "orders".into()];
        view.set(vec![Cut::new("account.province", None), Cut::new("day", Some(Level::Year))], vec![]);
        view
    }

    fn done(view: &mut View, steps: &[&str]) {
        let model = Model::default();
        for step in steps {
            apply(view, step, &model).unwrap_or_else(|error| panic!("{step}: {error}"));
        }
    }

    #[test]
    fn buttons_do_what_dragging_does() {
        let mut view = view();
        done(&mut view, &["cross r 1", "level c 0 quarter", "move m 0 right", "sort -sales", "drop m 1"]);
        assert_eq!(view.href(), "/analysis/explore?m=orders&r=account.province&c=day%3Aquarter");
        done(&mut view, &["swap", "drop c 0"]);
        assert_eq!(view.href(), "/analysis/explore?m=orders&r=day%3Aquarter");
        let model = Model::default();
        for wrong in ["", "drop r 9", "move r 0 left", "add r beauty", "level r 0 decade", "fly", "up 3"] {
            assert!(apply(&mut view, wrong, &model).is_err(), "{wrong}");
        }
    }

    #[test]
    fn down_and_up_again_is_where_one_was() {
        let member = Within { dimension: "account.province".into(), level: None, value: json!("山东") };
        let mut deep = down(&view(), &[member], Cut::new("product", None), false);
        assert_eq!((deep.rows(), deep.question.within.len()), (&[Cut::new("product", None)][..], 1));
        done(&mut deep, &["up 0"]);
        assert_eq!((deep.rows(), deep.question.within.len()), (&[Cut::new("account.province", None)][..], 0));
    }
}
