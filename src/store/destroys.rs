//! Destroys the rows that a filter finds.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;

use super::{stats::Verb, store::Store, ticket::Ticket};
use crate::{
    error::Error,
    mongo::{context::Context, filtered},
    schedule::CommandId,
    session::{Expected, Filter, Id},
};

impl Store {
    /// What the filter finds, the scheduler destroys.
    pub(super) fn find_to_destroy(
        self: &Arc<Self>,
        context: &Context,
        command: CommandId,
        filter: Filter,
        except: Option<Id>,
        ticket: Ticket,
    ) {
        let watched = self.begin_command(Verb::Find, 1);
        let (store, context) = (Arc::clone(self), context.clone());
        self.lease.spawner.spawn(async move {
            let finding = filtered::ids_to_destroy(&context, &filter, except.as_ref(), ticket.deadline);
            let found = AssertUnwindSafe(finding).catch_unwind().await;
            let found = found.unwrap_or_else(|_| Err(Error::panicked()));
            store.report(watched, found.as_ref().err());
            match found {
                Ok(ids) => store.end(|work| {
                    work.scheduler.destroy_found(command, ids, &Expected::Fields(filter));
                }),
                Err(error) => {
                    store.settle(&ticket, Err(error));
                    store.end(|work| work.scheduler.end_barrier(command));
                }
            }
        });
    }
}
