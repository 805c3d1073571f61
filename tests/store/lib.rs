//! Stores without Node.js, against the server that the test runner started.

mod helpers;
mod operations;
mod session_mongoose;
