// Prophet's options on a command line, under Prophet's names with '-' for '_': --growth, --changepoint-prior-scale, ...
// Shared by the subcommands that fit models.
//
// Thread safety: values; pure functions.

#pragma once

#include "train/prophet_flags.h"

namespace CLI {
class App;
}

namespace chiliad::app {

using train::ProphetFlags;
using train::read_prophet_flags;

// `flags` is filled by CLI11 and outlives its parsing.
void add_prophet_flags(CLI::App& command, ProphetFlags& flags);

}  // namespace chiliad::app
