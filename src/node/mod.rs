//! Node.js: what the addon exports, and how values, promises and completions cross. Nothing is decided here.
//!
//! `unsafe` is in [`bridge`] and [`strings`] alone.

mod borrowed;
mod bridge;
mod convert;
mod exports;
mod mailbox;
mod strings;
