//! The one I/O thread.
//!
//! A `current_thread` runtime on a thread of its own has about 15 % lower latency at low load than a multi-threaded one.
//! With compressors a reply of 16 MB takes half a second of CPU, so those connections live on a runtime with a second
//! worker. Both start when first needed and end with the last environment (main thread or worker) that loaded the addon.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

use crate::error::{Error, Result};

/// Threads for name resolution (`getaddrinfo`), the only blocking work.
const MAX_BLOCKING_THREADS: usize = 4;
/// A thread must be joined: glibc before 2.43 races with the end of a detached one (napi-rs#3591).
const JOIN_PATIENCE: Duration = Duration::from_millis(100);
/// How long the JavaScript thread waits for the end of each: with what `exports` waits before, a second at most.
const END_PATIENCE: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub struct Handle(tokio::runtime::Handle);

impl Handle {
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(future)
    }
}

struct IoThread {
    handle: tokio::runtime::Handle,
    stop: oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

#[derive(Default)]
struct Process {
    environments: usize,
    plain: Option<IoThread>,
    compressing: Option<IoThread>,
}

static PROCESS: Mutex<Option<Process>> = Mutex::new(None);

fn process() -> MutexGuard<'static, Option<Process>> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtime, started if need be.
pub fn handle(compressing: bool) -> Result<Handle> {
    let mut guard = process();
    let process = guard.get_or_insert_default();
    let slot = if compressing { &mut process.compressing } else { &mut process.plain };
    if slot.is_none() {
        *slot = Some(start(compressing)?);
    }
    let thread = slot.as_ref().expect("just started");
    Ok(Handle(thread.handle.clone()))
}

/// An environment (the main thread's or a worker's) has loaded the addon.
pub fn enter_environment() {
    process().get_or_insert_default().environments += 1;
}

/// The last environment takes the threads with it.
pub fn leave_environment() {
    let ending = {
        let mut guard = process();
        let process = guard.get_or_insert_default();
        process.environments = process.environments.saturating_sub(1);
        if process.environments > 0 {
            return;
        }
        [process.plain.take(), process.compressing.take()]
    };
    for thread in ending.into_iter().flatten() {
        // An error means that the thread has ended by itself.
        let _ = thread.stop.send(());
        let _ = thread.ended.recv_timeout(END_PATIENCE);
    }
}

fn start(compressing: bool) -> Result<IoThread> {
    let (stop, stopped) = oneshot::channel();
    let (end, ended) = mpsc::channel();
    let runtime = build(compressing).map_err(|error| thread_error(&error))?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("connect-mongo".to_owned())
        .spawn(move || {
            // The sender dropped means the same as sent.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(JOIN_PATIENCE);
            let _ = end.send(());
        })
        .map_err(|error| thread_error(&error))?;
    Ok(IoThread { handle, stop, ended })
}

fn build(compressing: bool) -> std::io::Result<Runtime> {
    let mut builder = if compressing { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    if compressing {
        builder.worker_threads(2);
    }
    builder.enable_all().thread_name("connect-mongo").max_blocking_threads(MAX_BLOCKING_THREADS).build()
}

fn thread_error(error: &std::io::Error) -> Error {
    Error::new("MongoRuntimeError", format!("the I/O thread could not be started: {error}"))
}
