//! One program, `lianzhan`, for every level of the federation: station, township, county, city.
//!
//! ```text
//! runtime -> {web, api, net} -> services -> {store, views, documents} -> protocol
//! ```

pub mod config;
pub mod documents;
pub mod env;
pub mod import;
pub mod keystore;
pub mod services;
pub mod store;
pub mod views;
pub mod words;
