//! Scenarios that need more than one crate, and checks of the source tree itself. Everything here is a module of one test
//! binary; what else belongs to a run of the tests is listed in `tests/run`.

pub mod browser;
#[cfg(test)]
mod convergence;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod interop;
#[cfg(test)]
mod kill9;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod pages;
pub mod prefecture;
#[cfg(test)]
mod process;
#[cfg(test)]
mod tidy;

/// The root of the repository.
pub fn root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate has a directory of its own")
}
