//! Tables of the commands: aligned columns for a terminal, or Markdown.

use std::fmt;

use comfy_table::presets::{ASCII_MARKDOWN, NOTHING};
use comfy_table::{Attribute, Cell, CellAlignment};

/// Which side a column's text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headers, perhaps with a total.
#[derive(Clone, Debug)]
pub(super) struct Table {
    headers: Vec<&'static str>,
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
    hidden: Vec<usize>,
    color: bool,
}

impl Table {
    pub(super) fn new(headers: Vec<&'static str>, aligns: Vec<Align>) -> Self {
        Self { headers, aligns, rows: Vec::new(), total: None, hidden: Vec::new(), color: false }
    }

    pub(super) fn row(&mut self, fields: Vec<String>) {
        self.rows.push(fields);
    }

    pub(super) fn total(&mut self, fields: Vec<String>) {
        self.total = Some(fields);
    }

    /// Leaves a column out.
    pub(super) fn hide(&mut self, column: usize) {
        self.hidden.push(column);
    }

    /// Headers and total in bold.
    pub(super) fn set_color(&mut self, color: bool) {
        self.color = color;
    }

    pub(super) fn markdown(&self) -> String {
        let mut table = self.build(&|text| text.replace('|', "\\|"));
        table.load_style(ASCII_MARKDOWN);
        format!("{table}\n")
    }

    /// With every text passed through `escape`.
    fn build(&self, escape: &dyn Fn(&str) -> String) -> comfy_table::Table {
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING);
        let line = |fields: &mut dyn Iterator<Item = String>, strong: bool| -> Vec<Cell> {
            fields
                .enumerate()
                .filter(|(column, _)| !self.hidden.contains(column))
                .map(|(column, text)| {
                    let cell =
                        Cell::new(escape(&text)).set_alignment(match self.aligns.get(column) {
                            Some(Align::Right) => CellAlignment::Right,
                            _ => CellAlignment::Left,
                        });
                    if strong && self.color { cell.add_attribute(Attribute::Bold) } else { cell }
                })
                .collect()
        };
        table.set_header(line(&mut self.headers.iter().map(|header| (*header).to_owned()), true));
        for row in &self.rows {
            table.add_row(line(&mut row.iter().cloned(), false));
        }
        if let Some(total) = &self.total {
            table.add_row(line(&mut total.iter().cloned(), true));
        }
        if self.color {
            table.enforce_styling();
        }
        table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.build(&str::to_owned).to_string().lines() {
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
