// Captured forecasts: what an endpoint's data capture wrote of requests and answers, a JSON object a line.
//
//     {"captureData": {"endpointOutput": {"data": "{\"ds\":{\"0\":1640995200000},\"yhat\":{\"0\":1.5},...}",
//                                         "encoding": "JSON"}, ...},
//      "eventMetadata": {"eventId": "...", "inferenceTime": "...", "targetModel": "8.tar.gz"}, "eventVersion": "0"}
//
// The answer is that of our server (doc/serving.md): columns of values by row number, also where it is a JSON string
// that holds them. encoding BASE64 is undone. targetModel names the customer; lines without it are another's.
//
// Source: SageMaker developer guide, "Capture data"; pandas, DataFrame.to_json. Thread safety: a pure function.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace chiliad::algorithm {

inline constexpr std::size_t kMaxCapturedLine = std::size_t{16} << 20;

struct CapturedForecast {
  std::string series;  // targetModel without ".tar.gz".
  std::vector<Instant> ds;
  std::vector<double> yhat;
  std::vector<double> lower;  // As long as ds, or empty.
  std::vector<double> upper;
};

// Errors: kInvalid: no such line, an answer that is no forecast; kNotFound: no targetModel.
Result<CapturedForecast> parse_captured(std::string_view line);

}  // namespace chiliad::algorithm
