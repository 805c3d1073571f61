//! Rows that no store wrote. Each is read or passed over, and whatever is read can be asked for.
#![no_main]

use bson::RawDocument;
use connect_mongo_native::{
    command::{
        find::Fields,
        layout::{ConnectMongo, Layout, SessionMongoose},
        target::Target,
    },
    session::Dates,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = RawDocument::from_bytes(bytes) else { return };
    let connect_mongo =
        |max_lifetime_millis| ConnectMongo { timestamps: false, background: false, max_lifetime_millis };
    let layouts = [
        Layout::ConnectMongo(connect_mongo(None)),
        Layout::ConnectMongo(connect_mongo(Some(i64::MAX))),
        Layout::SessionMongoose(SessionMongoose { ttl_seconds: None }),
        Layout::SessionMongoose(SessionMongoose { ttl_seconds: Some(u32::MAX.into()) }),
    ];
    for layout in layouts {
        let Some((id, row)) = layout.read_row(document) else { continue };
        for now in [i64::MIN, 0, i64::MAX] {
            row.live_row(Dates::default(), layout.latest_expired(now));
        }
        let target = Target {
            collection: "sessions".to_owned(),
            layout,
            fields: Vec::new(),
            read_concern: None,
            write_concern: None,
            unacknowledged: false,
        };
        for ids in [vec![id.clone()], vec![id.clone(), id]] {
            let command = target.find(&ids, Fields::All, 1000);
            assert!(RawDocument::from_bytes(command.as_bytes()).is_ok(), "a command is one document");
        }
    }
});
