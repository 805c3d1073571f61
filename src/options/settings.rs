//! What a client is made of: the part of the options on which stores must agree to share one.

use std::time::Duration;

use mongodb::options::{
    ClientOptions, Compressor, ConnectionString, DriverInfo, HostInfo, ServerAddress, ServerApi,
    ServerApiVersion, ServerMonitoringMode, Socks5Proxy, Tls,
};
use serde::Serialize;
use serde_json::Value;

use super::config::{Dialect, StoreConfig};
use super::credentials::Credentials;
use super::given::{Given, LONGEST};
use super::private_files::PrivateFiles;
use super::tls::TlsSettings;
use super::uri::Uri;
use super::values::{boolean, integer, invalid, parse_error, readable, string};
use crate::error::{Error, Result};

/// Node's (7.5 `connection_string.js`). 3.x had 5, and waited for ever rather than open more.
const DEFAULT_MAX_POOL_SIZE: u32 = 100;
/// Node's since 4.0. The Rust driver's is 10 s.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Of all Node.js drivers.
const DEFAULT_SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Of both drivers.
const DEFAULT_HEARTBEAT_FREQUENCY: Duration = Duration::from_secs(10);
/// The Rust driver refuses less (`sdam/monitor.rs:41`), Node.js waits as long between two checks anyway.
const LEAST_HEARTBEAT_FREQUENCY: Duration = Duration::from_millis(500);
/// 16 MB at zlib's own default, level 6, cost 0.5 s of the only I/O thread.
const DEFAULT_ZLIB_LEVEL: u32 = 1;
/// Longer than any deadline: the core ends operations, the driver's own selection timeout never does.
const DRIVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// No `Debug`: it holds secrets. `Serialize` makes the fingerprint, so that no field can be left out of it.
#[derive(Clone, Serialize)]
pub(super) struct ClientSettings {
    /// One name to look up if `srv`.
    hosts: Vec<ServerAddress>,
    srv_host: Option<String>,
    srv_max_hosts: Option<u32>,
    srv_service_name: Option<String>,
    direct_connection: Option<bool>,
    load_balanced: Option<bool>,
    replica_set: Option<String>,
    credentials: Option<Credentials>,
    tls: Option<TlsSettings>,
    proxy: Option<Proxy>,
    app_name: Option<String>,
    compressors: Vec<Compressor>,
    server_api: Option<Api>,
    connect_timeout: Duration,
    pub heartbeat_frequency: Duration,
    monitoring_mode: Option<ServerMonitoringMode>,
    local_threshold: Option<Duration>,
    max_idle_time: Option<Duration>,
    pub max_pool_size: u32,
    min_pool_size: u32,
    max_connecting: Option<u32>,
    pub retry_reads: bool,
    pub retry_writes: bool,
    /// Not the driver's: the core waits so long for a connection, and stores share that wait.
    pub server_selection_timeout: Duration,
    max_adaptive_retries: Option<u32>,
    overload_retargeting: Option<bool>,
}

#[derive(Clone, Serialize)]
struct Proxy {
    host: String,
    port: Option<u16>,
    authentication: Option<(String, String)>,
}

/// Version 1, there is no other.
#[derive(Clone, Serialize)]
struct Api {
    strict: Option<bool>,
    deprecation_errors: Option<bool>,
}

impl ClientSettings {
    /// `auth_database`: where credentials are looked up unless `authSource` says otherwise.
    pub(super) fn parse(
        uri: &Uri,
        given: &mut Given,
        config: &StoreConfig,
        auth_database: Option<String>,
    ) -> Result<Self> {
        let hosts = if uri.srv { Vec::new() } else { parse_hosts(&uri.hosts)? };
        let only_host = match hosts.as_slice() {
            [ServerAddress::Tcp { host, .. }] => Some(host.as_str()),
            _ => None,
        };
        let tls = TlsSettings::parse(given, config.dialect, uri.srv, only_host, config.extra_ca.as_deref())?;
        let max_pool_size = match given.u32("maxPoolSize")? {
            Some(0) => u32::MAX,
            size => size.unwrap_or(DEFAULT_MAX_POOL_SIZE),
        };
        let max_connecting = given.u32("maxConnecting")?;
        if max_connecting == Some(0) {
            return Err(invalid("maxConnecting must be > 0 if specified"));
        }
        let mut settings = Self {
            srv_host: uri.srv.then(|| uri.hosts[0].to_ascii_lowercase()),
            srv_max_hosts: given.u32("srvMaxHosts")?,
            srv_service_name: given.string("srvServiceName")?,
            direct_connection: given.boolean("directConnection")?,
            load_balanced: given.boolean("loadBalanced")?,
            replica_set: given.string("replicaSet")?,
            credentials: Credentials::parse(uri, given, auth_database)?,
            proxy: parse_proxy(given)?,
            app_name: given.string("appName")?,
            compressors: parse_compressors(given)?,
            server_api: parse_server_api(given)?,
            connect_timeout: given.millis("connectTimeoutMS")?.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
            heartbeat_frequency: given
                .millis("heartbeatFrequencyMS")?
                .unwrap_or(DEFAULT_HEARTBEAT_FREQUENCY)
                .max(LEAST_HEARTBEAT_FREQUENCY),
            monitoring_mode: parse_monitoring_mode(given)?,
            local_threshold: given.millis("localThresholdMS")?,
            max_idle_time: given.timeout("maxIdleTimeMS")?,
            max_pool_size,
            // More than the pool holds would have the driver try for ever.
            min_pool_size: given.u32("minPoolSize")?.unwrap_or(0).min(max_pool_size),
            max_connecting,
            retry_reads: given.boolean("retryReads")?.unwrap_or(true),
            retry_writes: given.boolean("retryWrites")?.unwrap_or(true),
            server_selection_timeout: match given.millis("serverSelectionTimeoutMS")? {
                // No limit, in Node.js.
                Some(Duration::ZERO) => LONGEST,
                timeout => timeout.unwrap_or(DEFAULT_SERVER_SELECTION_TIMEOUT),
            },
            max_adaptive_retries: given.u32("maxAdaptiveRetries")?,
            overload_retargeting: given.boolean("enableOverloadRetargeting")?,
            tls,
            hosts,
        };
        settings.check_topology()?;
        // 3.7 `uri_parser.js:715`: how single-host strings reached a member of a replica set whose
        // configuration names hosts that the app can't resolve.
        if config.dialect == Dialect::Legacy
            && settings.hosts.len() == 1
            && settings.replica_set.is_none()
            && settings.load_balanced != Some(true)
        {
            settings.direct_connection.get_or_insert(true);
        }
        Ok(settings)
    }

    /// What Node.js refuses before it connects (7.5 `connection_string.js`, `validateLoadBalancedOptions` and
    /// below).
    fn check_topology(&self) -> Result<()> {
        let srv = self.srv_host.is_some();
        let direct = self.direct_connection == Some(true);
        let limits_hosts = self.srv_max_hosts.unwrap_or(0) > 0;
        let refusal = if self.load_balanced == Some(true) {
            match () {
                () if self.hosts.len() > 1 => {
                    Some("loadBalanced option only supported with a single host in the URI")
                }
                () if self.replica_set.is_some() => {
                    Some("loadBalanced option not supported with a replicaSet option")
                }
                () if direct => Some("loadBalanced option not supported when directConnection is provided"),
                () if limits_hosts => Some("Cannot limit srv hosts with loadBalanced enabled"),
                () => None,
            }
        } else if srv && direct {
            return Err(Error::new("MongoAPIError", "SRV URI does not support directConnection"));
        } else if srv && limits_hosts && self.replica_set.is_some() {
            Some("Cannot use srvMaxHosts option with replicaSet")
        } else if !srv && (self.srv_max_hosts.is_some() || self.srv_service_name.is_some()) {
            Some("Cannot use srvMaxHosts or srvServiceName with a non-srv connection string")
        } else if direct && self.hosts.len() != 1 {
            Some("directConnection option requires exactly one host")
        } else {
            None
        };
        refusal.map_or(Ok(()), |message| Err(parse_error(message)))
    }

    pub(super) fn has_compressors(&self) -> bool {
        !self.compressors.is_empty()
    }

    pub(super) fn server_api(&self) -> Option<ServerApi> {
        self.server_api.as_ref().map(|api| {
            ServerApi::builder()
                .version(ServerApiVersion::V1)
                .strict(api.strict)
                .deprecation_errors(api.deprecation_errors)
                .build()
        })
    }

    pub(super) fn fingerprint(&self) -> String {
        serde_json::to_string(self).expect("settings hold strings, numbers, lists and nothing else")
    }

    /// Read and write concerns and the read preference are left out: the core puts them into its commands,
    /// and stores that differ in them share a client.
    pub(super) async fn client_options(&self) -> mongodb::error::Result<(ClientOptions, PrivateFiles)> {
        // Its fields instead of a string: the driver's parser refuses much that is accepted here, and nothing
        // has to be escaped.
        let mut string = ConnectionString::default();
        string.host_info = match &self.srv_host {
            Some(name) => HostInfo::DnsRecord(name.clone()),
            None => HostInfo::HostIdentifiers(self.hosts.clone()),
        };
        string.srv_max_hosts = self.srv_max_hosts;
        string.srv_service_name = self.srv_service_name.clone();
        string.direct_connection = self.direct_connection;
        string.load_balanced = self.load_balanced;
        string.replica_set = self.replica_set.clone();
        string.tls = Some(if self.tls.is_some() { Tls::Enabled(Default::default()) } else { Tls::Disabled });
        if let Some(credentials) = &self.credentials {
            string.credential = Some(credentials.credential());
            // The driver takes the default source from here, after the TXT record
            // (`client/options/parse.rs:105`).
            string.default_database = credentials.database.clone();
        }
        string.socks5_proxy = self.proxy.as_ref().map(Proxy::driver_options);
        string.app_name = self.app_name.clone();
        string.compressors = Some(self.compressors.clone()).filter(|list| !list.is_empty());
        string.connect_timeout = Some(self.connect_timeout);
        string.server_selection_timeout = Some(DRIVER_SELECTION_TIMEOUT);
        string.heartbeat_frequency = Some(self.heartbeat_frequency);
        string.server_monitoring_mode = self.monitoring_mode.clone();
        string.local_threshold = self.local_threshold;
        string.max_idle_time = self.max_idle_time;
        string.max_pool_size = Some(self.max_pool_size);
        string.min_pool_size = Some(self.min_pool_size);
        string.max_connecting = self.max_connecting;
        string.retry_reads = Some(self.retry_reads);
        string.retry_writes = Some(self.retry_writes);
        string.max_adaptive_retries = self.max_adaptive_retries;
        string.enable_overload_retargeting = self.overload_retargeting;

        let mut options = ClientOptions::parse(string).await?;
        options.server_api = self.server_api();
        options.driver_info = Some(
            DriverInfo::builder()
                .name("connect-mongo-native")
                .version(env!("CARGO_PKG_VERSION").to_owned())
                .build(),
        );
        let mut files = PrivateFiles::default();
        if let Some(tls) = &self.tls {
            options.tls = Some(Tls::Enabled(tls.options(&mut files)?));
        }
        Ok((options, files))
    }
}

impl Proxy {
    fn driver_options(&self) -> Socks5Proxy {
        Socks5Proxy::builder()
            .host(self.host.clone())
            .port(self.port)
            .authentication(self.authentication.clone())
            .build()
    }
}

fn parse_hosts(hosts: &[String]) -> Result<Vec<ServerAddress>> {
    let parse = |host: &String| {
        // The driver's error quotes the host: `mongodb://user:password` without a host would show the
        // password.
        ServerAddress::parse(host).map_err(|_| {
            parse_error(
                "A host in the connection string is invalid: hosts are written as name, name:port or [IPv6]:port, \
                 with a port from 1 to 65535",
            )
        })
    };
    hosts.iter().map(parse).collect()
}

fn parse_proxy(given: &Given) -> Result<Option<Proxy>> {
    let (host, port) = (given.string("proxyHost")?, given.uint("proxyPort")?);
    let (username, password) = (given.string("proxyUsername")?, given.string("proxyPassword")?);
    let Some(host) = host else {
        return match (port, username, password) {
            (None, None, None) => Ok(None),
            _ => Err(parse_error("Must specify proxyHost if other proxy options are passed")),
        };
    };
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let authentication = match (filled(username), filled(password)) {
        (Some(username), Some(password)) => Some((username, password)),
        (None, None) => None,
        _ => {
            return Err(parse_error("Can only specify both of proxy username/password or neither"));
        }
    };
    let port = port
        .map(|port| u16::try_from(port).map_err(|_| parse_error("proxyPort must be a port from 0 to 65535")))
        .transpose()?;
    Ok(Some(Proxy { host, port, authentication }))
}

fn parse_compressors(given: &Given) -> Result<Vec<Compressor>> {
    let mut level = given.value("zlibCompressionLevel")?;
    let mut names: Vec<String> = Vec::new();
    for value in given.all("compressors") {
        add_compressors(&mut names, readable("compressors", value)?)?;
    }
    // Driver 3.x: a name, a list, or `{ compressors, zlibCompressionLevel }`.
    match given.value("compression")? {
        None => {}
        Some(Value::Object(compression)) => {
            level = level.or(compression.get("zlibCompressionLevel").filter(|level| !level.is_null()));
            if let Some(value) = compression.get("compressors").filter(|value| !value.is_null()) {
                add_compressors(&mut names, value)?;
            }
        }
        Some(value) => add_compressors(&mut names, value)?,
    }
    let level = match level.map(|level| integer("zlibCompressionLevel", level)).transpose()? {
        None => Some(DEFAULT_ZLIB_LEVEL),
        // zlib's own default.
        Some(-1) => None,
        Some(level) => match u32::try_from(level) {
            Ok(level @ 0..=9) => Some(level),
            _ => return Err(parse_error("zlibCompressionLevel must be an integer between -1 and 9")),
        },
    };
    let compressor = |name: &String| match name.as_str() {
        "none" => Ok(None),
        "snappy" => Ok(Some(Compressor::Snappy)),
        "zlib" => Ok(Some(Compressor::Zlib { level })),
        "zstd" => Ok(Some(Compressor::Zstd { level: None })),
        _ => Err(invalid("compressors must be some of: none, snappy, zlib, zstd")),
    };
    names.iter().filter_map(|name| compressor(name).transpose()).collect()
}

fn add_compressors(names: &mut Vec<String>, value: &Value) -> Result<()> {
    let list = match value {
        Value::Array(values) => {
            values.iter().map(|value| string("compressors", value)).collect::<Result<Vec<_>>>()?
        }
        value => string("compressors", value)?.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    for name in list {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(())
}

fn parse_server_api(given: &Given) -> Result<Option<Api>> {
    let (version, object) = match given.value("serverApi")? {
        None => return Ok(None),
        Some(Value::Object(object)) => (object.get("version"), Some(object)),
        Some(version) => (Some(version), None),
    };
    if version.map(|version| string("serverApi", version)).transpose()?.as_deref() != Some("1") {
        return Err(parse_error(
            "Invalid `serverApi` property; must specify a version from the following enum: [\"1\"]",
        ));
    }
    let flag = |name: &str| {
        let value = object.and_then(|object| object.get(name)).filter(|value| !value.is_null());
        value.map(|value| boolean("serverApi", value)).transpose()
    };
    Ok(Some(Api { strict: flag("strict")?, deprecation_errors: flag("deprecationErrors")? }))
}

fn parse_monitoring_mode(given: &Given) -> Result<Option<ServerMonitoringMode>> {
    let mode = given.string("serverMonitoringMode")?;
    match mode.as_deref() {
        None => Ok(None),
        Some("auto") => Ok(Some(ServerMonitoringMode::Auto)),
        Some("poll") => Ok(Some(ServerMonitoringMode::Poll)),
        Some("stream") => Ok(Some(ServerMonitoringMode::Stream)),
        Some(_) => Err(parse_error("serverMonitoringMode must be one of `auto`, `poll`, or `stream`")),
    }
}
