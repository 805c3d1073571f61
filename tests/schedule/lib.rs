//! The scheduler without a server: a made-up transport, time as an argument.

mod bench;
mod conditional;
mod conflicts;
mod elsewhere;
mod faults;
mod found;
mod model;
mod properties;
mod rules;
mod server;
mod trouble;
mod unanswered;
mod windows;
mod world;
