//! Whole federations in one thread, from a seed. The nodes are real: their stores, services, views and sessions run as they
//! do in production. Simulated are only the machines that they stand on: network, clocks, randomness, and disks that fail.
//!
//! `template` founds a federation once and copies it for each seed; `plan` says what the seed makes of it; `world` moves
//! bytes and time; `acts` and `faults` are what persons and misfortune do; `watch` holds after every step what must always
//! hold, and `rest` what must hold when nothing is under way any more.

mod acts;
mod alike;
mod attached;
mod beside;
mod copies;
mod cunning;
pub mod dice;
mod erased;
mod faults;
pub mod generate;
mod hostile;
mod link;
mod machine;
mod offices;
mod plan;
mod privy;
mod rekeyed;
mod reorganised;
mod rest;
mod run;
mod site;
mod stated;
mod succeeding;
mod talk;
mod template;
mod twist;
mod watch;
mod wire;
mod world;

pub use plan::Plan;
pub use run::{Failure, Report, Tally, many, simulate};
pub use template::Template;
