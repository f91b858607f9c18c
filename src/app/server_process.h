// What the subcommands that serve have in common as processes: cores, open files, the signals that end them.
//
// Signals are blocked in all threads and taken by sigwait() in one, so no handler runs anywhere.
//
// Thread safety: main thread.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace chiliad::app {

// Cores that this process may use.
int usable_cores();

// Allows as many open files as the system does; fewer connections than asked for when those are not enough, said on
// standard error.
std::size_t connections_allowed(std::size_t wanted);

// Before anything is started: whether write_port_file() can be expected to succeed. Errors: kInvalid.
Result<Done> check_port_file(const std::string& path);

// Tells the port to whoever started the server: a file appears whole, a pipe is written to; nothing for an empty path.
// Errors: as OutputStream (app/byte_stream.h).
Result<Done> write_port_file(const std::string& path, std::string_view port);

// SIGTERM and SIGINT wait for wait_for_stop_signal() from here on. Requires: no other thread runs yet.
void block_stop_signals();

// Returns with the first of them. After that a further Ctrl-C ends the process at once; a further SIGTERM, which
// supervisors send, changes nothing.
void wait_for_stop_signal();

}  // namespace chiliad::app
