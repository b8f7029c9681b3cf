//! Randomness that a seed gives again.

pub use lianzhan_fleet::dice::Dice;
