//! How records lie in the tables of an SQLite database. An adapter says it in SQL; whoever may read
//! files runs it, read-only.

/// A table whose rows are records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// Its name. It has a column `id`, which tells a row from the one that got its number later.
    pub name: &'static str,
    /// A query for every schema that the table is met in. The first that the database understands
    /// is used: it names the table `t`, ends in a condition that others can be added to with `AND`,
    /// and gives five columns, in this order:
    ///
    /// - `row`: the row's number, `t.rowid`, which is larger in every new row;
    /// - `written`: when the row was last written, in milliseconds;
    /// - `size`: how many bytes it has;
    /// - `open`: whether it is expected to be written again;
    /// - `record`: a JSON object; null for one of more than `:most` bytes, which is not read.
    pub queries: Vec<String>,
    /// Rows are written again. Else a row is read once.
    pub changes: bool,
}

/// Bits of a record's offset that are the number of its row; those above are the table's.
const ROW_BITS: u32 = 48;

/// Where a row is, as one number: what an offset is in a file of lines.
pub const fn place_of_row(table: usize, row: u64) -> u64 {
    (table as u64) << ROW_BITS | row & ((1 << ROW_BITS) - 1)
}

/// The table and the row of such a number.
pub const fn row_at(place: u64) -> (usize, u64) {
    ((place >> ROW_BITS) as usize, place & ((1 << ROW_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_table_and_a_row() {
        for (table, row) in [(0, 0), (0, 17), (4, 1), (3, (1 << ROW_BITS) - 1)] {
            assert_eq!(row_at(place_of_row(table, row)), (table, row));
        }
        assert!(i64::try_from(place_of_row(4, u64::MAX)).is_ok());
    }
}
