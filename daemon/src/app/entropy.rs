//! Job: real randomness.
//! Takes: the kernel's generator.
//! Gives: `SystemEntropy`, the `Entropy` door that ships.
//! Never: is seeded; what must repeat is handed a seeded one.

use contract::Entropy;

/// The kernel's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn draw(&self) -> u64 {
        getrandom::u64().expect("the kernel's generator answers every process once it has started")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_numbers_differ() {
        let drawn: std::collections::HashSet<u64> = (0..64).map(|_| SystemEntropy.draw()).collect();
        assert_eq!(drawn.len(), 64);
    }
}
