// A forecast as text: the JSON that pandas' `forecast.to_json()` gives, or CSV.
//
//   {"ds":{"358":1671926400000,"359":...},"trend":{"358":12.5,...},...,"yhat":{...}}
//
// Columns in Prophet's order, each an object from row number to value; moments as milliseconds since 1970, numbers with
// at most ten decimals. CSV has the same columns with one line a row, moments as "2022-12-25" or "2022-12-25 13:00:00"
// and numbers in full, as `forecast.to_csv(index=False)`.
//
// Source: pandas 2.3, DataFrame.to_json (orient "columns", date_unit "ms", double_precision 10), DataFrame.to_csv.
//
// Thread safety: pure functions.

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "forecast/predictive_samples.h"
#include "forecast/prophet.h"
#include "serve/invocation.h"

namespace chiliad::serve {

// Appends to `out` what `asked` got, in its format. `first_row` numbers the first row. Of the columns those wanted, in
// that order, then the quantiles asked for that are not among them; all when none are named.
// Requires: `forecast` was made with asked.options. Errors: kInvalid for a column that the forecast does not have;
// names those it has.
Result<Done> append_answer(std::string& out, const forecast::Forecast& forecast, std::int64_t first_row,
                           const Invocation& asked);

// Futures likewise, columns ds, trend and yhat: in JSON a row's value is the list of its futures,
// {"ds":{"358":1671926400000},"yhat":{"358":[12.5,13.25,...]}}; CSV has a line a row and future, with its number in the
// column sample.
Result<Done> append_samples(std::string& out, const forecast::PredictiveSamples& samples, std::int64_t first_row,
                            const Invocation& asked);

}  // namespace chiliad::serve
