//! Composing an exhibition: who goes together, in which booth, and whom they meet. Pure: plain structs in, an answer with
//! its bound and its reasons out. Nothing here reads a clock; whoever calls watches, and may stop a solve at any time.

pub mod booths;
pub mod group;
pub mod sample;
pub mod timetable;

use crate::error::Message;

/// A value that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// JSON pointer into the question.
    pub pointer: String,
    pub message: Message,
}

impl Refusal {
    pub(crate) fn new(pointer: String, ja: &str, en: &str) -> Refusal {
        Refusal { pointer, message: Message { ja: ja.to_string(), en: en.to_string() } }
    }
}

/// Where a solve stands. Both numbers only ever come closer together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Value of the best answer so far; none while there is no answer that keeps every hard wish.
    pub best: Option<f64>,
    /// No answer can be worth more.
    pub bound: f64,
}

/// Told how far a solve is, many times a second; stops it by answering false. What was found until then is the answer.
pub trait Watch {
    fn go_on(&mut self, progress: Progress) -> bool;
}

impl<F: FnMut(Progress) -> bool> Watch for F {
    fn go_on(&mut self, progress: Progress) -> bool {
        self(progress)
    }
}

/// Seeded numbers, the same everywhere (xorshift).
#[derive(Debug, Clone)]
pub(crate) struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Seeded {
        let mut seeded = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            seeded.below(2);
        }
        seeded
    }

    /// From 0 to `most` − 1; 0 when `most` is 0.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        // Of the upper half: the lower bits of a xorshift are weaker.
        ((self.0 >> 32) as usize).checked_rem(most).unwrap_or(0)
    }

    /// From 0 to 1, 1 excluded.
    pub fn share(&mut self) -> f64 {
        self.below(1 << 24) as f64 / (1u64 << 24) as f64
    }
}
