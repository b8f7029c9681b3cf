//! What is said in Lianzhan, and who may say it. No IO, no async, no clock, no randomness.
pub mod bundle;
pub mod codec;
pub mod id;
pub mod keys;
pub mod log;
pub mod record;
pub mod sync;
pub mod time;
pub mod trust;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod testing;
