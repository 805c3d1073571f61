//! The one I/O thread.
//!
//! A `current_thread` runtime on a thread of its own has about 15 % lower latency at low load than a multi-threaded one.
//! With compressors a reply of 16 MB takes half a second of CPU, so those connections live on a runtime with a second
//! worker.

use std::{future::Future, sync::mpsc, time::Duration};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

use crate::error::{Error, Result};

/// Threads for name resolution (`getaddrinfo`), the only blocking work. One that hangs must not starve the others.
const MAX_BLOCKING_THREADS: usize = 4;
/// How long the runtime waits for its blocking work at its end.
const BLOCKING_LIMIT: Duration = Duration::from_millis(100);
/// How long the JavaScript thread waits for the end: with what it waits for the stores before, a second at most.
const END_LIMIT: Duration = Duration::from_millis(200);

/// A running thread. It ends when this is dropped.
pub struct IoThread {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
}

impl IoThread {
    pub fn start(compressing: bool) -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let runtime = build(compressing).map_err(|error| thread_error(&error))?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("connect-mongo".to_owned())
            .spawn(move || {
                // The sender dropped means the same as sent.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(BLOCKING_LIMIT);
                let _ = end.send(());
            })
            .map_err(|error| thread_error(&error))?;
        Ok(Self { handle, stop: Some(stop), ended })
    }

    pub fn spawner(&self) -> Spawner {
        Spawner(self.handle.clone())
    }
}

impl Drop for IoThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended by itself.
            let _ = stop.send(());
            let _ = self.ended.recv_timeout(END_LIMIT);
        }
    }
}

/// Starts tasks on an I/O thread.
#[derive(Clone)]
pub struct Spawner(Handle);

impl Spawner {
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(future)
    }
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
