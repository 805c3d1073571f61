'use strict'

// Faults by their names. Each is
//
//   topology       'replica set', 'replica set of one' or 'standalone'
//   query          parameters of the connection string
//   timeoutMS      the operation timeout of the package's stores
//   times          how often it happens, if nobody says otherwise
//   exactResults   whether writes tell truly if there was a row, where transaction numbers do not see to it
//   kinds          of the stores (see subjects.js), if not all
//   clients, pauseMS   how many call at the same time, and how long each waits between two calls at most
//   needsHosts     whether it takes hosts of their own (see helpers/separate-hosts.js), which not every
//                  machine has
//   lacks()        what it takes and this machine has not, if anything
//   environment    variables of the trial's process
//   failsFinds     whether it fails finds: then nobody may be able to say which touches of a command matched
//   start()        → { server, uri, stop() }, and where needed `directUri`, which leads to the server itself,
//                    and `settle()`, which waits until all members agree; `rolledBack`, a set for the ids of
//                    what the server will undo although it has acknowledged it, where nothing promises more
//   run(scene)     lets it happen: what `start` returned, with `times`, `admin`, `db`, `runs` and `random`.
//                  Returns how often it has happened, if that is not `times`

module.exports = {
  ...require('./replica-set'),
  ...require('./partitions'),
  ...require('./standalone'),
  ...require('./storage'),
  ...require('./fail-points'),
  ...require('./network')
}
