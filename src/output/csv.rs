//! RFC 4180: a cell that holds a comma or a quote is quoted. Line ends need no
//! care: a cell is one line by the time it comes here.

use super::large::Emit;

/// Quotes the cell that begins at `start` and ends `out`, if it needs it.
pub(super) fn quote(out: &mut Vec<u8>, start: usize) {
    let cell = &out[start..];
    if memchr::memchr2(b',', b'"', cell).is_none() {
        return;
    }
    let cell = cell.to_vec();
    out.truncate(start);
    out.push(b'"');
    for part in cell.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// Quotes all that `write` emits, whether it needs it or not.
pub(super) fn quoted(emit: &mut Emit<'_>, write: impl FnOnce(&mut Emit<'_>)) {
    emit(b"\"");
    write(&mut |piece| {
        for part in piece.split_inclusive(|byte| *byte == b'"') {
            emit(part);
            if part.ends_with(b"\"") {
                emit(b"\"");
            }
        }
    });
    emit(b"\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cells_that_need_it_are_quoted() {
        for (cell, expected) in [
            ("plain text", "plain text"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("\"", "\"\"\"\""),
        ] {
            let mut out = format!("x,{cell}").into_bytes();
            quote(&mut out, 2);
            assert_eq!(String::from_utf8(out).unwrap(), format!("x,{expected}"));
        }
    }
}
