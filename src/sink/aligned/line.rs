//! The lines of an aligned table, and the widths of its columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Number of blanks between two columns.
pub(super) const GAP: usize = 2;
/// Width below which a column is not reduced to make a line fit.
const NARROWEST: usize = 8;

/// Width of a time with an offset and words before it, as in `still at …`. A time of which the
/// end is missing is of little use, so its column is reduced only after all others.
pub(super) const TIME: usize = 34;

/// Returns the width of each column: that of its widest cell. If a line does not fit, the
/// widest columns are reduced first, and those that show times last.
pub(super) fn widths(rows: &[Vec<String>], are_times: &[bool], most: Option<usize>) -> Vec<usize> {
    let mut widths = vec![0; rows.iter().map(Vec::len).max().unwrap_or_default()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let Some(most) = most else { return widths };
    let room = most.saturating_sub(GAP * widths.len().saturating_sub(1));
    let is_time = |at: usize| are_times.get(at).is_some_and(|is_time| *is_time);
    reduce(&mut widths, room, |at| if is_time(at) { TIME } else { NARROWEST });
    reduce(&mut widths, room, |_| NARROWEST);
    widths
}

/// Reduces the widest columns until their sum fits into `room` or all have their smallest
/// width.
fn reduce(widths: &mut [usize], room: usize, smallest: impl Fn(usize) -> usize) {
    while widths.iter().sum::<usize>() > room {
        let reducible: Vec<usize> = (0..widths.len()).filter(|at| widths[*at] > smallest(*at)).collect();
        let Some(widest) = reducible.iter().map(|at| widths[*at]).max() else { return };
        // Reduces all of the widest columns together, so that columns of equal width stay
        // equal.
        let (group, others): (Vec<usize>, Vec<usize>) = reducible.iter().partition(|at| widths[**at] == widest);
        let next = others.iter().map(|at| widths[*at]).max().unwrap_or_default();
        let excess = (widths.iter().sum::<usize>() - room).div_ceil(group.len());
        for at in group {
            widths[at] = widest.saturating_sub(excess).max(next).max(smallest(at));
        }
    }
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
