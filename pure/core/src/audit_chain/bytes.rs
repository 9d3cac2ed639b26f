//! Owns how values become bytes without two meanings: each part stands behind its length, each use behind its own words.

use aws_lc_rs::digest;

use super::Hash;

/// Bytes that are put together part by part.
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    /// For one use, named by words that no other use has; the version is part of them.
    pub(super) fn of(words: &str) -> Self {
        Self(Vec::with_capacity(512)).text(words)
    }

    /// A part of any length.
    pub(super) fn part(mut self, part: &[u8]) -> Self {
        self.0.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend(part);
        self
    }

    /// A text.
    pub(super) fn text(self, text: &str) -> Self {
        self.part(text.as_bytes())
    }

    /// Something that may be missing, which is not the same as empty.
    pub(super) fn maybe(mut self, part: Option<&[u8]>) -> Self {
        self.0.push(u8::from(part.is_some()));
        match part {
            Some(part) => self.part(part),
            None => self,
        }
    }

    /// A number.
    pub(super) fn number(mut self, number: u64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    /// A moment.
    pub(super) fn moment(mut self, moment: crate::time::Timestamp) -> Self {
        self.0.extend(moment.as_millis().to_be_bytes());
        self
    }

    /// Yes or no.
    pub(super) fn truth(mut self, truth: bool) -> Self {
        self.0.push(u8::from(truth));
        self
    }

    /// The bytes.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Their hash.
    pub(super) fn hash(self) -> Hash {
        array(digest::digest(&digest::SHA256, &self.0).as_ref())
    }
}

/// The first 32 bytes of an answer that has as many.
pub(super) fn array(bytes: &[u8]) -> Hash {
    let mut array = [0; 32];
    for (target, source) in array.iter_mut().zip(bytes) {
        *target = *source;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_parts_share_their_bytes() {
        let all = [
            Bytes::of("a").text("bc").text("d").finish(),
            Bytes::of("a").text("b").text("cd").finish(),
            Bytes::of("ab").text("c").text("d").finish(),
            Bytes::of("a").text("bcd").finish(),
            Bytes::of("a").maybe(None).text("bc").finish(),
            Bytes::of("a").maybe(Some(b"")).text("bc").finish(),
            Bytes::of("a").maybe(Some(b"bc")).finish(),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(all.iter().skip(place + 1).all(|other| one != other), "{place}");
        }
    }
}
