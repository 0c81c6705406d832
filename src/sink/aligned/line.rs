//! The lines of an aligned table, and the widths of its columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Number of blanks between two columns.
pub(super) const GAP: usize = 2;
/// Width below which a column is not reduced to make a line fit.
const NARROWEST: usize = 8;

/// Returns the width of each column: that of its widest cell. If a line does not fit, the
/// widest columns are reduced first.
pub(super) fn widths(rows: &[Vec<String>], most: Option<usize>) -> Vec<usize> {
    let mut widths = vec![0; rows.iter().map(Vec::len).max().unwrap_or_default()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let Some(most) = most else { return widths };
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > most {
        let widest = widths.iter().copied().max().unwrap_or_default();
        if widest <= NARROWEST {
            break;
        }
        // Reduces all of the widest columns together, so that columns of equal width stay
        // equal.
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or_default();
        let count = widths.iter().filter(|width| **width == widest).count();
        let excess = (widths.iter().sum::<usize>() + gaps - most).div_ceil(count);
        let narrower = widest.saturating_sub(excess).max(next).max(NARROWEST);
        widths.iter_mut().filter(|width| **width == widest).for_each(|width| *width = narrower);
    }
    widths
}

/// Appends the line of a row, without trailing blanks. Its cells are cut to their columns
/// only if the line would not fit: rows behind the sample can have wider cells.
pub(super) fn push_row(row: &[String], widths: &[usize], most: Option<usize>, out: &mut Vec<u8>) {
    let whole = line(row, widths);
    let line = match most {
        Some(most) if whole.width() > most => {
            let width = |at: usize| widths.get(at).copied().unwrap_or_default();
            let cells: Vec<String> = row.iter().enumerate().map(|(at, cell)| cut(cell, width(at))).collect();
            cut(&line(&cells, widths), most)
        }
        _ => whole,
    };
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// A line of cells, each of which begins at its column or behind a wider cell.
fn line(row: &[String], widths: &[usize]) -> String {
    let (mut line, mut used, mut start) = (String::new(), 0, 0_usize);
    for (cell, width) in row.iter().zip(widths.iter().chain(std::iter::repeat(&0))) {
        if start > 0 {
            let blanks = start.saturating_sub(used).max(GAP);
            line.extend(std::iter::repeat_n(' ', blanks));
            used += blanks;
        }
        line.push_str(cell);
        used += cell.width();
        start += width + GAP;
    }
    line.truncate(line.trim_end().len());
    line
}

/// Cuts a text to a number of terminal columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    // The ellipsis takes one column.
    let mut used = 1;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).chain(['…']).collect()
}
