//! Figures with their targets: a table for people, JSON for programs.

use super::machine::Machine;
use anyhow::Context;
use serde::Serialize;
use std::{fs, path::Path};

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
}

#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured, e.g. `list-page`.
    pub name: String,
    /// Under which circumstances, e.g. `16 clients p99`.
    pub what: String,
    pub measured: f64,
    pub unit: &'static str,
    pub target: Option<Target>,
    /// measured / target, whichever direction is better.
    pub ratio: Option<f64>,
    pub met: Option<bool>,
}

impl Figure {
    pub fn new(name: &str, what: impl Into<String>, measured: f64, unit: &'static str) -> Self {
        let (name, what) = (name.to_owned(), what.into());
        Figure { name, what, measured, unit, target: None, ratio: None, met: None }
    }
    pub fn target(mut self, target: Target) -> Self {
        let (Target::AtMost(wanted) | Target::AtLeast(wanted)) = target;
        self.ratio = Some(self.measured / wanted);
        self.met = Some(match target {
            Target::AtMost(wanted) => self.measured <= wanted,
            Target::AtLeast(wanted) => self.measured >= wanted,
        });
        self.target = Some(target);
        self
    }
    pub fn at_most(self, wanted: f64) -> Self {
        self.target(Target::AtMost(wanted))
    }
    pub fn at_least(self, wanted: f64) -> Self {
        self.target(Target::AtLeast(wanted))
    }
}

#[derive(Serialize)]
pub struct Report<'a> {
    pub machine: &'a Machine,
    pub database: &'a str,
    pub scale: f64,
    pub seconds: f64,
    pub figures: Vec<Figure>,
    /// What the figures were taken from.
    pub details: serde_json::Value,
}

impl Report<'_> {
    pub fn save(&self, folder: &Path, name: &str) -> anyhow::Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let file = folder.join(format!("{name}-{}-{}.json", self.database, self.scale));
        fs::write(&file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("cannot write {}", file.display()))
    }
}

const HEAD: [&str; 7] = ["benchmark", "figure", "measured", "unit", "target", "ratio", "met"];

pub fn table(figures: &[Figure]) -> String {
    let mut rows: Vec<[String; 7]> = vec![HEAD.map(str::to_owned)];
    for figure in figures {
        let target = match figure.target {
            Some(Target::AtMost(wanted)) => format!("≤ {}", number(wanted)),
            Some(Target::AtLeast(wanted)) => format!("≥ {}", number(wanted)),
            None => String::new(),
        };
        rows.push([
            figure.name.clone(),
            figure.what.clone(),
            number(figure.measured),
            figure.unit.to_owned(),
            target,
            figure.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            figure.met.map(|met| if met { "yes" } else { "NO" }).unwrap_or_default().to_owned(),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let room = " ".repeat(widths[column] - cell.chars().count());
            // Numbers to the right.
            if [2, 4, 5].contains(&column) { format!("{room}{cell}") } else { format!("{cell}{room}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1_000.0 => {
            let digits = format!("{value:.0}");
            let bytes: Vec<char> = digits.chars().collect();
            let grouped = bytes.iter().enumerate().map(|(index, digit)| {
                let left = bytes.len() - index;
                if index > 0 && left.is_multiple_of(3) && bytes[index - 1].is_ascii_digit() {
                    format!(",{digit}")
                } else {
                    digit.to_string()
                }
            });
            grouped.collect()
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_how_far_it_is_from_its_target_in_either_direction() {
        let slow = Figure::new("a", "p99", 50.0, "ms").at_most(25.0);
        assert_eq!((slow.ratio, slow.met), (Some(2.0), Some(false)));
        let quick = Figure::new("a", "rate", 1_500.0, "req/s").at_least(1_000.0);
        assert_eq!((quick.ratio, quick.met), (Some(1.5), Some(true)));
        assert_eq!(Figure::new("a", "cpu", 1.0, "ms").met, None);
    }

    #[test]
    fn the_table_is_aligned_and_groups_thousands() {
        let figures = [
            Figure::new("list-page", "p50", 1.5, "ms").at_most(5.0),
            Figure::new("a", "rate", 1_234_567.0, "req/s").at_least(1_000.0),
        ];
        let table = table(&figures);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[2], "a          rate    1,234,567  req/s  ≥ 1,000  1234.57  yes");
        assert_eq!(lines[1], "list-page  p50          1.50  ms      ≤ 5.00     0.30  yes");
    }
}
