//! Scenarios that need more than one crate, and checks of the source tree itself. Everything here is a module of one test
//! binary; what else belongs to a run of the tests is listed in `tests/run`.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod attachments;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod automerge_attacks;
#[cfg(test)]
mod backup;
pub mod browser;
#[cfg(test)]
mod carry;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod convergence;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod demo;
pub mod dice;
#[cfg(test)]
mod doubts;
#[cfg(test)]
mod erasing;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod full_disk;
pub mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod joining;
#[cfg(test)]
mod kill9;
#[cfg(test)]
mod kill_import;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod netns;
#[cfg(test)]
mod offices;
#[cfg(test)]
mod package;
#[cfg(test)]
mod pages;
pub mod prefecture;
#[cfg(test)]
mod process;
#[cfg(test)]
mod recorded;
pub mod scene;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod spreadsheets;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod transports;
#[cfg(test)]
mod unread;
#[cfg(test)]
mod upgrade;

/// The root of the repository.
pub fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate has a directory of its own")
}
