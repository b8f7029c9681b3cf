//! One program, `lianzhan`, for every level of the federation: station, township, county, city.
//!
//! ```text
//! runtime -> {web, api, net} -> services -> {store, views, documents} -> protocol
//! ```

pub mod api;
pub mod cli;
pub mod config;
pub mod demo;
pub mod documents;
pub mod env;
pub mod export;
pub mod import;
pub mod keystore;
pub mod net;
pub mod piped;
mod places;
pub mod qr;
pub mod ranges;
pub mod runtime;
pub mod services;
pub mod source;
pub mod store;
pub mod views;
pub mod web;
pub mod words;
