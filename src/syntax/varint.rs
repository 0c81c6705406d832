//! Variable-length integers (LEB128): seven bits a byte, the lowest first. The highest bit of a
//! byte says that more follow.

/// Appends a number.
#[inline]
pub fn write(number: u64, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Reads a number from the start of `bytes` and removes it. `None` if the bytes end too early
/// or the number does not fit.
#[inline]
pub fn read(bytes: &mut &[u8]) -> Option<u64> {
    match bytes.split_first() {
        // Most numbers are lengths of short texts.
        Some((&byte, rest)) if byte < 0x80 => {
            *bytes = rest;
            Some(byte.into())
        }
        _ => read_long(bytes),
    }
}

fn read_long(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let group = u64::from(byte & 0x7f);
        number |= group << shift;
        if byte & 0x80 == 0 {
            return (group << shift >> shift == group).then_some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_back(number: u64, shift in 0..u64::BITS, after: u8) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            write(number, &mut bytes);
            bytes.push(after);
            let mut rest = &bytes[..];
            prop_assert_eq!(read(&mut rest), Some(number));
            prop_assert_eq!(rest, [after]);
        }
    }

    #[test]
    fn numbers_take_as_few_bytes_as_they_can() {
        for (number, length) in [(0, 1), (0x7f, 1), (0x80, 2), (0x3fff, 2), (0x4000, 3), (u64::MAX, 10)] {
            let mut bytes = Vec::new();
            write(number, &mut bytes);
            assert_eq!(bytes.len(), length, "{number:#x}");
        }
    }

    #[test]
    fn incomplete_and_too_large_numbers_are_rejected() {
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        for bytes in [&[][..], &[0x80], &[0xff; 9], &[0xff; 11], &too_large] {
            assert_eq!(read(&mut &*bytes), None, "{bytes:?}");
        }
    }
}
