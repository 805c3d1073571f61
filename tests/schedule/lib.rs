//! The scheduler without a server: a made-up transport, time as an argument.

mod bench;
mod faults;
mod model;
mod properties;
mod rules;
mod server;
mod unanswered;
mod windows;
mod world;
