//! Owns how a target's bytes are cut up: the first letter chooses a reader, parts are separated by a zero byte, which no
//! reader takes for anything.

/// The reader that the first byte chooses, `a` being the first of `count`, and the bytes for it.
pub(crate) fn choose(bytes: &[u8], count: u8) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (first.wrapping_sub(b'a') % count, rest))
}

/// The bytes as so many parts; those that are missing are empty.
pub(crate) fn parts<const N: usize>(bytes: &[u8]) -> [&[u8]; N] {
    let mut parts = [&[][..]; N];
    for (part, found) in parts.iter_mut().zip(bytes.splitn(N, |byte| *byte == 0)) {
        *part = found;
    }
    parts
}

/// The bytes as text, where the product gets text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
