//! What the commands of one store have in common.

use bson::RawDocumentBuf;

use super::{bson::Writer, layout::Layout};

/// Read concern, write concern and time limit are not inherited from the client by commands that run as they are.
#[derive(Debug)]
pub struct Target {
    pub collection: String,
    pub layout: Layout,
    /// The fields beside a session that the app declares, which are indexed.
    pub fields: Vec<String>,
    pub read_concern: Option<RawDocumentBuf>,
    pub write_concern: Option<RawDocumentBuf>,
    /// `w: 0`: replies carry no counts.
    pub unacknowledged: bool,
}

impl Target {
    pub(super) fn append_read_concern(&self, command: &mut Writer) {
        if let Some(concern) = &self.read_concern {
            let open = command.document("readConcern");
            command.splice(concern);
            command.end(open);
        }
    }

    /// The read concern of what must be as the primary has it now, whatever the database's default.
    pub(super) fn append_latest(command: &mut Writer) {
        let open = command.document("readConcern");
        command.string("level", "local");
        command.end(open);
    }

    pub(super) fn append_write_concern(&self, command: &mut Writer) {
        if let Some(concern) = &self.write_concern {
            let open = command.document("writeConcern");
            command.splice(concern);
            command.end(open);
        }
    }
}

/// A count as BSON takes it.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
