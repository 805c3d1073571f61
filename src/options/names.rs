//! Every option name that a Node.js driver from 3.x to 7.x knows (3.7 `lib/operations/connect.js`, 4.17 and
//! 7.5 `lib/connection_string.js`), and what the core does with it.

/// What becomes of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Use {
    /// It is given its meaning.
    Apply,
    /// Another name of the option named here, which beats it if both are given.
    SameAs(&'static str),
    /// Driver 2.x and 3.x: an object whose entries are options themselves.
    Nested,
    /// It means nothing here: BSON and sockets of JavaScript, or machinery that no longer exists anywhere.
    Ignore,
    /// The core can't do it; the text says what it can't do.
    Refuse(&'static str),
    /// The same, but Node.js ignores it too unless TLS is on.
    RefuseWithTls(&'static str),
}

use Use::{Apply, Ignore, Nested, Refuse, RefuseWithTls, SameAs};

const OWN_TLS: &str = "its TLS library takes no such setting";

const OPTIONS: &[(&str, Use)] = &[
    // Where to connect, and as whom.
    ("auth", Apply),
    ("authMechanism", Apply),
    ("authMechanismProperties", Apply),
    ("authSource", Apply),
    ("dbName", Apply),
    ("directConnection", Apply),
    ("loadBalanced", Apply),
    ("password", Apply),
    ("proxyHost", Apply),
    ("proxyPassword", Apply),
    ("proxyPort", Apply),
    ("proxyUsername", Apply),
    ("replicaSet", Apply),
    ("rs_name", SameAs("replicaSet")),
    ("srvMaxHosts", Apply),
    ("srvServiceName", Apply),
    ("user", SameAs("username")),
    ("username", Apply),
    // The pool, timeouts, monitoring.
    ("acceptableLatencyMS", SameAs("localThresholdMS")),
    ("appName", Apply),
    ("connectTimeoutMS", Apply),
    ("enableOverloadRetargeting", Apply),
    ("haInterval", SameAs("heartbeatFrequencyMS")),
    ("heartbeatFrequencyMS", Apply),
    ("localThresholdMS", Apply),
    ("maxAdaptiveRetries", Apply),
    ("maxConnecting", Apply),
    ("maxIdleTimeMS", Apply),
    ("maxPoolSize", Apply),
    ("minPoolSize", Apply),
    ("minSize", SameAs("minPoolSize")),
    ("poolSize", SameAs("maxPoolSize")),
    ("secondaryAcceptableLatencyMS", SameAs("localThresholdMS")),
    ("serverMonitoringMode", Apply),
    ("serverSelectionTimeoutMS", Apply),
    ("socketTimeoutMS", Apply),
    ("timeoutMS", Apply),
    ("waitQueueTimeoutMS", Apply),
    // What commands carry.
    ("compression", Apply),
    ("compressors", Apply),
    ("fsync", Apply),
    ("j", Apply),
    ("journal", Apply),
    ("maxStalenessSeconds", Apply),
    ("readConcern", Apply),
    ("readConcernLevel", Apply),
    ("readPreference", Apply),
    ("readPreferenceTags", Apply),
    ("read_preference", SameAs("readPreference")),
    ("read_preference_tags", SameAs("readPreferenceTags")),
    ("retryReads", Apply),
    ("retryWrites", Apply),
    ("serverApi", Apply),
    ("w", Apply),
    ("writeConcern", Apply),
    ("wtimeout", Apply),
    ("wtimeoutMS", Apply),
    ("zlibCompressionLevel", Apply),
    // TLS.
    ("ca", Apply),
    ("cert", Apply),
    ("checkServerIdentity", Apply),
    ("key", Apply),
    ("passphrase", Apply),
    ("rejectUnauthorized", Apply),
    ("servername", Apply),
    ("ssl", Apply),
    ("sslCA", Apply),
    ("sslCert", Apply),
    ("sslKey", Apply),
    ("sslPass", SameAs("tlsCertificateKeyFilePassword")),
    ("sslValidate", Apply),
    ("tls", Apply),
    ("tlsAllowInvalidCertificates", Apply),
    ("tlsAllowInvalidHostnames", Apply),
    ("tlsCAFile", Apply),
    ("tlsCertificateFile", Apply),
    ("tlsCertificateKeyFile", Apply),
    ("tlsCertificateKeyFilePassword", Apply),
    ("tlsInsecure", Apply),
    ("ciphers", RefuseWithTls(OWN_TLS)),
    ("crl", RefuseWithTls("it checks no certificate revocation lists")),
    ("ecdhCurve", RefuseWithTls(OWN_TLS)),
    ("minDHSize", RefuseWithTls(OWN_TLS)),
    ("pfx", RefuseWithTls("it reads PEM only, not PKCS#12")),
    ("pskCallback", RefuseWithTls("it can't authenticate with pre-shared keys")),
    ("secureContext", RefuseWithTls("it can't use an OpenSSL context of Node.js")),
    ("secureProtocol", RefuseWithTls(OWN_TLS)),
    ("sslCRL", RefuseWithTls("it checks no certificate revocation lists")),
    ("tlsCRLFile", RefuseWithTls("it checks no certificate revocation lists")),
    // Beyond the core.
    ("autoEncryption", Refuse("it has no client-side encryption")),
    ("localAddress", Refuse("it can't bind its sockets to a local address")),
    ("localPort", Refuse("it can't bind its sockets to a local port")),
    ("lookup", Refuse("it can't resolve names with a JavaScript function")),
    // Objects of options, as in `mongoOptions: { server: { poolSize: 5, socketOptions: { keepAlive: 1 } } }`.
    ("db", Nested),
    ("db_options", Nested),
    ("mongos", Nested),
    ("mongos_options", Nested),
    ("replSet", Nested),
    ("rs_options", Nested),
    ("server", Nested),
    ("server_options", Nested),
    ("socketOptions", Nested),
    // JavaScript's side of things: values, events, logs.
    ("bsonRegExp", Ignore),
    ("checkKeys", Ignore),
    ("domainsEnabled", Ignore),
    ("driverInfo", Ignore),
    ("enableUtf8Validation", Ignore),
    ("fieldsAsRaw", Ignore),
    ("forceServerObjectId", Ignore),
    ("ignoreUndefined", Ignore),
    ("index", Ignore),
    ("logger", Ignore),
    ("loggerLevel", Ignore),
    ("mongodbLogComponentSeverities", Ignore),
    ("mongodbLogMaxDocumentLength", Ignore),
    ("mongodbLogPath", Ignore),
    ("monitorCommands", Ignore),
    ("name", Ignore),
    ("pkFactory", Ignore),
    ("promiseLibrary", Ignore),
    ("promoteBuffers", Ignore),
    ("promoteLongs", Ignore),
    ("promoteValues", Ignore),
    ("raw", Ignore),
    ("runtimeAdapters", Ignore),
    ("serializeFunctions", Ignore),
    ("useBigInt64", Ignore),
    ("uuidRepresentation", Ignore),
    // Sockets: the core tries IPv6 and IPv4 side by side, keeps connections alive and sends without delay.
    ("autoSelectFamily", Ignore),
    ("autoSelectFamilyAttemptTimeout", Ignore),
    ("family", Ignore),
    ("hints", Ignore),
    ("keepAlive", Ignore),
    ("keepAliveInitialDelay", Ignore),
    ("minInternalBufferSize", Ignore),
    ("noDelay", Ignore),
    // TLS settings of servers, or that make no difference to what is accepted.
    ("ALPNProtocols", Ignore),
    ("SNICallback", Ignore),
    ("allowPartialTrustChain", Ignore),
    ("enableTrace", Ignore),
    ("requestCert", Ignore),
    ("requestOCSP", Ignore),
    ("session", Ignore),
    // Only for mechanisms that are refused by themselves.
    ("gssapiCanonicalizeHostName", Ignore),
    ("gssapiServiceName", Ignore),
    ("gssapiServiceRealm", Ignore),
    // Machinery of one driver or another.
    ("__skipPingOnConnect", Ignore),
    ("autoReconnect", Ignore),
    ("auto_reconnect", Ignore),
    ("bufferMaxEntries", Ignore),
    ("connectWithNoPrimary", Ignore),
    ("connectionType", Ignore),
    ("ha", Ignore),
    ("minHeartbeatFrequencyMS", Ignore),
    ("native_parser", Ignore),
    ("numberOfRetries", Ignore),
    ("reconnectInterval", Ignore),
    ("reconnectTries", Ignore),
    ("retryMiliSeconds", Ignore),
    ("safe", Ignore),
    ("serverSelectionTryOnce", Ignore),
    ("slaveOk", Ignore),
    ("slave_ok", Ignore),
    ("srvPoller", Ignore),
    ("useCreateIndex", Ignore),
    ("useFindAndModify", Ignore),
    ("useNewUrlParser", Ignore),
    ("useRecoveryToken", Ignore),
    ("useUnifiedTopology", Ignore),
    ("validateOptions", Ignore),
    ("waitQueueMultiple", Ignore),
];

/// The name as documented, and its use. Names are case-insensitive, in objects too (7.5
/// `connection_string.js`, `CaseInsensitiveMap`).
pub(super) fn find(name: &str) -> Option<(&'static str, Use)> {
    OPTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).copied()
}

/// The known name that `name` most likely is a misspelling of.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    // One slip in four characters: "retryWrite" has a neighbour, "foo" has none.
    let most = name.chars().count() / 4;
    OPTIONS
        .iter()
        .map(|(known, _)| (distance(&known.to_ascii_lowercase(), &name), *known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Levenshtein's distance, with a swap of two neighbours as one step.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_aliases_lead_to_what_is_applied() {
        for (index, (name, usage)) in OPTIONS.iter().enumerate() {
            assert!(
                OPTIONS[index + 1..].iter().all(|(other, _)| !other.eq_ignore_ascii_case(name)),
                "{name} stands twice"
            );
            if let SameAs(target) = usage {
                assert_eq!(find(target), Some((*target, Apply)), "{name}");
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(find("MAXPOOLSIZE"), Some(("maxPoolSize", Apply)));
        assert_eq!(find("appname"), Some(("appName", Apply)));
        assert_eq!(find("foo"), None);
    }

    #[test]
    fn misspellings_have_a_nearest_name() {
        for (name, expected) in [
            ("maxPoolSzie", Some("maxPoolSize")),
            ("retryWrite", Some("retryWrites")),
            ("authsorce", Some("authSource")),
            ("useNewUrlParse", Some("useNewUrlParser")),
            ("serverSelectionTimeout", Some("serverSelectionTimeoutMS")),
            ("foo", None),
            ("somethingElse", None),
        ] {
            assert_eq!(nearest(name), expected, "{name}");
        }
    }

    /// From the drivers themselves: 3.7.4 `validOptionNames`, 4.17.2 and 7.5.0 `OPTIONS`.
    #[test]
    fn every_name_of_the_node_drivers_is_known() {
        let names = "poolSize ssl sslValidate sslCA sslCert sslKey sslPass sslCRL autoReconnect noDelay keepAlive \
            keepAliveInitialDelay connectTimeoutMS family socketTimeoutMS reconnectTries reconnectInterval ha \
            haInterval replicaSet secondaryAcceptableLatencyMS acceptableLatencyMS connectWithNoPrimary authSource \
            w wtimeout j writeConcern forceServerObjectId serializeFunctions ignoreUndefined raw bufferMaxEntries \
            readPreference pkFactory promiseLibrary readConcern maxStalenessSeconds loggerLevel logger \
            promoteValues promoteBuffers promoteLongs bsonRegExp domainsEnabled checkServerIdentity \
            validateOptions appname auth user password authMechanism compression fsync readPreferenceTags \
            numberOfRetries auto_reconnect minSize monitorCommands serverApi retryWrites retryReads \
            useNewUrlParser useUnifiedTopology serverSelectionTimeoutMS useRecoveryToken autoEncryption \
            driverInfo tls tlsInsecure tlsAllowInvalidCertificates tlsAllowInvalidHostnames tlsCAFile \
            tlsCertificateFile tlsCertificateKeyFile tlsCertificateKeyFilePassword minHeartbeatFrequencyMS \
            heartbeatFrequencyMS directConnection maxPoolSize minPoolSize maxIdleTimeMS waitQueueTimeoutMS \
            native_parser server replset mongos db \
            authMechanismProperties checkKeys compressors dbName enableUtf8Validation fieldsAsRaw journal \
            loadBalanced localThresholdMS maxConnecting minInternalBufferSize name proxyHost proxyPassword \
            proxyPort proxyUsername readConcernLevel servername srvMaxHosts srvServiceName wtimeoutMS \
            zlibCompressionLevel connectionType srvPoller minDHSize pskCallback secureContext enableTrace \
            requestCert rejectUnauthorized ALPNProtocols SNICallback session requestOCSP localAddress localPort \
            hints lookup ca cert ciphers crl ecdhCurve key passphrase pfx secureProtocol index \
            enableOverloadRetargeting autoSelectFamily autoSelectFamilyAttemptTimeout maxAdaptiveRetries \
            useBigInt64 runtimeAdapters serverMonitoringMode timeoutMS tlsCRLFile mongodbLogPath \
            mongodbLogComponentSeverities mongodbLogMaxDocumentLength allowPartialTrustChain \
            __skipPingOnConnect";
        for name in names.split_whitespace() {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
