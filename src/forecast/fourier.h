// The Fourier columns of X: sines and cosines of Prophet's own arguments.
//
// Prophet forms (n / period) * (2 pi t) in doubles, t in days since 1970. That is up to millions of radians, of which
// rounding leaves some 1e-10, and this is part of its columns. The same products are formed here, so that the columns
// agree to 1e-13 whatever the order and the period.
//
// Source: Prophet 1.5.0, forecaster.py: fourier_series; pandas 2.3, TimedeltaArray.total_seconds.
//
// Thread safety: a pure function.

#pragma once

#include <span>

#include "base/time.h"
#include "forecast/kernels.h"
#include "forecast/prophet.h"

namespace chiliad::forecast {

// Sets the first columns of x: for each seasonality and n = 1 .. fourier_order a sine and a cosine.
// Requires: x has a row for each moment and room for the columns. Cost: about 4 ns a column and row.
void fill_fourier(std::span<const Seasonality> seasonalities, std::span<const Instant> ds, FeatureMatrix& x);

}  // namespace chiliad::forecast
