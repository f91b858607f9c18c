// Prophet's options among the settings of a job: chiliad-prophet and chiliad-evaluate take the same ones.
//
// Thread safety: as Settings and Container.

#pragma once

#include "algorithm/container.h"
#include "algorithm/settings.h"
#include "base/result.h"
#include "train/fleet_options.h"
#include "train/prophet_flags.h"

namespace chiliad::algorithm {

// Takes the settings by Prophet's names, and `options`, the file of further ones.
void take_prophet_settings(Settings& settings, train::ProphetFlags& flags);

// The options of each series. Files, also those that the options file names, lie below /opt/ml. Errors: kInvalid: one
// that does not; as FleetOptions::make().
Result<train::FleetOptions> read_fleet_options(const Container& container, train::ProphetFlags flags);

}  // namespace chiliad::algorithm
