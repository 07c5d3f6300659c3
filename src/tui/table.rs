//! The state of any list: which row is selected, the order, the filter, what is tagged.
//!
//! Rows have identities, and a selection is one: rows may come, go and change places under it, and
//! what is done to "the selected one" is done to that very one. At the top the selection is on
//! whichever row is first.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// What can be done to the rows of any screen.
pub trait List {
    /// Moves the selection; tells whether that changed anything.
    fn move_by(&mut self, rows: isize) -> bool;
    /// The words that rows must have.
    fn filter(&self) -> &str;
    /// Sets them.
    fn set_filter(&mut self, words: &str);
    /// What rows can be sorted by.
    fn orders(&self) -> &[&'static str];
    /// The number of the one in use.
    fn order(&self) -> usize;
    /// Sorts by another one.
    fn set_order(&mut self, order: usize);
    /// The order is turned around.
    fn is_reversed(&self) -> bool;
    /// Turns it around.
    fn reverse(&mut self);
    /// Takes every tag back; tells whether there were any.
    fn untag(&mut self) -> bool;
}

/// The state of a list of rows with identities of type `Id`. `Row` is what finds the row's data.
#[derive(Clone, Debug)]
pub struct Table<Id, Row> {
    rows: Vec<(Id, Row)>,
    selected: Option<Id>,
    tagged: HashSet<Id>,
    filter: String,
    orders: &'static [&'static str],
    order: usize,
    reversed: bool,
}

impl<Id: Clone + Eq + Hash + Debug, Row> Table<Id, Row> {
    /// No rows yet, in the first of these orders.
    pub fn new(orders: &'static [&'static str]) -> Self {
        Self {
            rows: Vec::new(),
            selected: None,
            tagged: HashSet::new(),
            filter: String::new(),
            orders,
            order: 0,
            reversed: false,
        }
    }

    /// Shows these rows, which are filtered and sorted.
    pub fn set_rows(&mut self, rows: Vec<(Id, Row)>) {
        self.rows = rows;
    }

    /// The rows, as they are shown.
    pub fn rows(&self) -> &[(Id, Row)] {
        &self.rows
    }

    /// Where the selected row is now. One that is gone gives way to the first.
    pub fn position(&self) -> usize {
        let of = |selected: &Id| self.rows.iter().position(|(id, _)| id == selected);
        self.selected.as_ref().and_then(of).unwrap_or(0)
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&(Id, Row)> {
        self.rows.get(self.position())
    }

    /// Tags the selected row, or takes its tag back.
    pub fn toggle_tag(&mut self) -> bool {
        let Some(id) = self.selected().map(|(id, _)| id.clone()) else { return false };
        if !self.tagged.remove(&id) {
            self.tagged.insert(id);
        }
        true
    }

    /// A row is tagged.
    pub fn is_tagged(&self, id: &Id) -> bool {
        self.tagged.contains(id)
    }

    /// The tagged rows that are shown.
    pub fn tagged(&self) -> impl Iterator<Item = &(Id, Row)> {
        self.rows.iter().filter(|(id, _)| self.tagged.contains(id))
    }

    /// Which rows have room: the selected one in the middle, where there are more.
    pub fn window(&self, height: usize) -> std::ops::Range<usize> {
        let last = self.rows.len().saturating_sub(height);
        let first = self.position().saturating_sub(height / 2).min(last);
        first..self.rows.len().min(first + height)
    }

    /// All of the filter's words are in the text, which is in lower case.
    pub fn matches(&self, text: &str) -> bool {
        self.filter.split_whitespace().all(|word| text.contains(&word.to_lowercase()))
    }
}

impl<Id: Clone + Eq + Hash + Debug, Row> List for Table<Id, Row> {
    fn move_by(&mut self, rows: isize) -> bool {
        let before = self.position();
        let row = before.saturating_add_signed(rows).min(self.rows.len().saturating_sub(1));
        self.selected = if row == 0 { None } else { self.rows.get(row).map(|(id, _)| id.clone()) };
        row != before
    }

    fn filter(&self) -> &str {
        &self.filter
    }

    fn set_filter(&mut self, words: &str) {
        words.clone_into(&mut self.filter);
    }

    fn orders(&self) -> &[&'static str] {
        self.orders
    }

    fn order(&self) -> usize {
        self.order
    }

    fn set_order(&mut self, order: usize) {
        self.order = order.min(self.orders.len().saturating_sub(1));
        self.reversed = false;
    }

    fn is_reversed(&self) -> bool {
        self.reversed
    }

    fn reverse(&mut self) {
        self.reversed = !self.reversed;
    }

    fn untag(&mut self) -> bool {
        let had_any = !self.tagged.is_empty();
        self.tagged.clear();
        had_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(ids: &[u8]) -> Table<u8, ()> {
        let mut table = Table::new(&["one", "two"]);
        table.set_rows(ids.iter().map(|id| (*id, ())).collect());
        table
    }

    fn selected(table: &Table<u8, ()>) -> Option<u8> {
        table.selected().map(|(id, ())| *id)
    }

    #[test]
    fn the_selection_stays_with_its_row_and_at_the_top_with_the_first() {
        let mut table = table(&[1, 2, 3]);
        assert_eq!(selected(&table), Some(1));
        assert!(!table.move_by(-1));
        assert!(table.move_by(1));
        table.set_rows(vec![(3, ()), (1, ()), (2, ())]);
        assert_eq!((table.position(), selected(&table)), (2, Some(2)));
        assert!(!table.move_by(isize::MAX));
        assert!(table.move_by(isize::MIN));
        table.set_rows(vec![(2, ()), (3, ())]);
        assert_eq!(selected(&table), Some(2));
    }

    #[test]
    fn a_row_that_is_gone_gives_way_and_no_rows_are_no_trouble() {
        let mut table = table(&[1, 2]);
        table.move_by(1);
        table.set_rows(vec![(1, ())]);
        assert_eq!(selected(&table), Some(1));
        table.set_rows(Vec::new());
        assert!(!table.move_by(3));
        assert_eq!(selected(&table), None);
        assert!(!table.toggle_tag());
        assert_eq!(table.window(5), 0..0);
    }

    #[test]
    fn the_selected_row_is_in_the_middle_of_more_than_have_room() {
        let mut table = table(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(table.window(4), 0..4);
        table.move_by(5);
        assert_eq!(table.window(4), 3..7);
        table.move_by(isize::MAX);
        assert_eq!(table.window(4), 6..10);
        assert_eq!(table.window(0), 9..9);
        assert_eq!(table.window(40), 0..10);
    }

    #[test]
    fn tags_are_of_rows_not_of_places() {
        let mut table = table(&[1, 2]);
        table.toggle_tag();
        table.set_rows(vec![(2, ()), (1, ())]);
        assert!(table.is_tagged(&1) && !table.is_tagged(&2));
        table.set_rows(vec![(2, ())]);
        assert_eq!(table.tagged().count(), 0, "what is not shown is not acted on");
        assert!(table.untag() && !table.untag());
    }

    #[test]
    fn every_word_of_the_filter_must_be_there() {
        let mut table = table(&[]);
        assert!(table.matches("anything"));
        table.set_filter(" Shop  opus");
        assert!(table.matches("w/shop main opus-5-5"));
        assert!(!table.matches("w/shop main haiku"));
    }
}
