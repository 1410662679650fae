//! Generated names, from characters that cannot form words: no vowels, and no digits that resemble vowels.

use rand::Rng;

const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Returns five random characters, as in pod names.
pub(super) fn suffix() -> String {
    let mut random = rand::rng();
    (0..5).map(|_| letter(random.random())).collect()
}

/// Returns the characters that encode a hash in a `ReplicaSet`'s name.
pub(super) fn encode_hash(mut hash: u64) -> String {
    let base = LETTERS.len() as u64;
    let mut name = String::new();
    for _ in 0..10 {
        name.push(letter(hash));
        hash /= base;
    }
    name
}

fn letter(number: u64) -> char {
    let place = usize::try_from(number % LETTERS.len() as u64).unwrap_or(0);
    LETTERS.get(place).copied().map_or('x', char::from)
}

/// Computes the FNV-1a hash, which is stable across runs, unlike the standard library's hasher.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_safe_letters_and_hashes_are_stable() {
        assert_eq!(suffix().len(), 5);
        assert_eq!(encode_hash(hash(b"template")), encode_hash(hash(b"template")));
        assert_ne!(encode_hash(hash(b"template")), encode_hash(hash(b"Template")));
        assert!(encode_hash(u64::MAX).bytes().all(|byte| LETTERS.contains(&byte)));
    }
}
