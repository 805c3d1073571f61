//! A connection string and `mongoOptions` with the Node.js driver's names, defaults and tolerance → the Rust
//! driver's `ClientOptions`, and what the core must apply itself because raw commands inherit nothing from
//! the client (driver `action/run_command.rs:30`): read preference, read and write concern, retries,
//! timeouts.
//!
//! - `names`: every option name, and what becomes of it
//! - `given`, `values`: both sources merged; a value read by type
//! - `settings`: what the client itself is made of, and by which clients are shared
//! - `credentials`, `tls`, `certificates`, `private_files`, `read_preference`, `write_concern`: one subject each
//!
//! No error and no warning holds a value that could be a secret: options are named, never quoted.

mod certificates;
pub mod config;
mod credentials;
mod given;
mod names;
mod private_files;
mod read_preference;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod uri;
mod values;
mod write_concern;

use std::fmt;
use std::time::Duration;

use mongodb::options::{ClientOptions, ReadConcern, ReadPreference, ServerApi, WriteConcern};

use self::config::{Dialect, StoreConfig};
use self::given::Given;
pub use self::private_files::PrivateFiles;
use self::settings::ClientSettings;
use self::uri::Uri;
use self::values::invalid;
use crate::error::Result;

/// Node's default when neither the connection string nor an option names one. Driver 3.x has the same:
/// measured with 3.7.4 and 3.5.11, an `authSource` does not become the database.
const DEFAULT_DATABASE: &str = "test";

/// Everything that the options say about the connection of one store.
pub struct ConnectionSpec {
    pub database: String,
    pub retry_writes: bool,
    pub retry_reads: bool,
    /// `None`: primary.
    pub read_preference: Option<ReadPreference>,
    pub read_concern: Option<ReadConcern>,
    /// Of writes: `writeOperationOptions` if they say anything, else the connection's. `None`: the server's
    /// default.
    pub write_concern: Option<WriteConcern>,
    /// The driver adds it to every command by itself.
    pub server_api: Option<ServerApi>,
    /// How long to wait for a suitable server. Where the option is 0, Node.js waits for ever: 24.8 days here.
    pub server_selection_timeout: Duration,
    /// The smaller one of `socketTimeoutMS` and `timeoutMS` where they aren't 0.
    pub operation_timeout: Option<Duration>,
    /// How long an operation may wait to be sent.
    pub wait_queue_timeout: Option<Duration>,
    pub max_pool_size: u32,
    /// Compression costs CPU time on the I/O thread.
    pub compressors_set: bool,
    /// For the app's developer, one line each.
    pub warnings: Vec<String>,
    settings: ClientSettings,
}

/// Equal where two stores can share a client. A type of its own, since the text holds credentials.
#[derive(Clone, Hash, PartialEq, Eq)]
pub struct CacheKey(String);

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CacheKey(…)")
    }
}

impl fmt::Debug for ConnectionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSpec").field("database", &self.database).finish_non_exhaustive()
    }
}

impl ConnectionSpec {
    /// Pure: no name is resolved, no file read, no clock asked.
    pub fn parse(config: &StoreConfig) -> Result<Self> {
        let uri = Uri::parse(&config.uri)?;
        let mut given = Given::collect(&uri.options, &config.options, config.dialect)?;
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let option_database = named(given.string("dbName")?);
        let uri_database = named(uri.database.clone());
        let database = named(config.db_name.clone())
            .or(option_database.clone())
            .or(uri_database.clone())
            .unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        check_database(&database)?;
        // Driver 4 and later authenticate against `mongoOptions.dbName`, driver 3.x knows the path only.
        let auth_database = match config.dialect {
            Dialect::Modern => option_database.or(uri_database),
            Dialect::Legacy => uri_database,
        };

        let settings = ClientSettings::parse(&uri, &mut given, config, auth_database)?;
        let of_operations = match &config.write_concern {
            // It takes the connection's place as a whole (7.5 `utils.js`, `resolveOptions`).
            Some(options) => write_concern::write_concern_of(options)?,
            None => None,
        };
        let of_connection = write_concern::write_concern(&given)?;
        let timeouts = [given.timeout("socketTimeoutMS")?, given.timeout("timeoutMS")?];
        Ok(Self {
            database,
            retry_writes: settings.retry_writes,
            retry_reads: settings.retry_reads,
            read_preference: read_preference::read_preference(
                &given,
                config.dialect,
                settings.heartbeat_frequency,
            )?,
            read_concern: read_preference::read_concern(&given)?,
            write_concern: of_operations.or(of_connection),
            server_api: settings.server_api(),
            server_selection_timeout: settings.server_selection_timeout,
            operation_timeout: timeouts.into_iter().flatten().min(),
            wait_queue_timeout: given.timeout("waitQueueTimeoutMS")?,
            max_pool_size: settings.max_pool_size,
            compressors_set: settings.has_compressors(),
            warnings: given.warnings,
            settings,
        })
    }

    /// Resolves a `mongodb+srv` name. The files must live until the client exists: `Client::with_options`
    /// reads them.
    pub async fn client_options(&self) -> mongodb::error::Result<(ClientOptions, PrivateFiles)> {
        self.settings.client_options().await
    }

    pub fn cache_key(&self) -> CacheKey {
        CacheKey(self.settings.fingerprint())
    }
}

/// 4.17 `db.js`, `validateDatabaseName`; the server refuses the other two.
fn check_database(name: &str) -> Result<()> {
    match name.chars().find(|c| [' ', '.', '$', '/', '\\', '"', '\0'].contains(c)) {
        Some(c) => Err(invalid(format!("database names cannot contain the character {c:?}"))),
        None => Ok(()),
    }
}
