//! The scheduler without a server: a made-up transport, time as an argument.

mod bench;
mod faults;
mod properties;
mod rules;
mod windows;
